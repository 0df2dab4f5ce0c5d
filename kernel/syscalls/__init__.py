"""Every system call, by topic."""

from ..places import FrameInfo
from .breaks import ClearBreak, ListBreaks, SetBreak
from .channels import ChanClose, Channel, ChanRecv, ChanRecvMany, ChanSend, ChanSendMany
from .code import Evaluate, ListCode
from .conditions import Condition, Notify
from .datagrams import OpenDatagram, RecvFrom, SendTo
from .events import Barrier, ClearEvent, Event, SetEvent, WaitBarrier, WaitEvent
from .files import ReadWait, WriteWait
from .groups import EndGroup, NextEnded, TaskGroup, first_ended, first_good
from .idle import WaitAllBlocked
from .inspecting import InspectTask, MailboxInfo, PlaceInfo, ScopeInfo, TaskDetails
from .lines import EndInput, GiveLine, ReadLine, TakeLine
from .links import Demonitor, Down, Link, Monitor, SpawnLinked, SpawnMonitored, TrapExits, Unlink
from .listing import EndedInfo, EndedList, ListEnded, ListTasks, TaskInfo, TaskList
from .locks import Abandon, Acquire, CapacityLimiter, Lock, Mutex, Release, Semaphore
from .mailboxes import (
    Answer,
    Ask,
    Asked,
    CancelSend,
    LimitMailbox,
    Receive,
    Register,
    SendAfter,
    SendMessage,
    Unregister,
    WhereIs,
)
from .openfiles import FileInfo, FileList, ListFiles
from .overview import GetOverview, Overview
from .pipes import ClosePipe, Pipe, PipeRead, PipeWrite
from .priorities import SetNice, SetPolicy
from .processes import Process, StartProcess, WaitProcess
from .ready import Ready, TellReady
from .rwlock import RWLock
from .scopes import Cancel, OpenScope, Scope, within
from .select import Select
from .sendfile import SendFile
from .shared import SharedGet, SharedPut, SharedWait
from .signals import OnSignal, RaiseIn, SendSignal, Signal
from .sockets import Accept, Connect, Listen, Recv, Send
from .stacks import GetStack, StackInfo
from .stepping import Pause, Resume, Slow, Step
from .streams import Read, Write
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .threads import RunInThread, WaitFuture
from .time import Now, Sleep, SleepUntil, Ticks
from .why import Cause, ExplainTask, Explanation

__all__ = [
    "Abandon",
    "Accept",
    "Acquire",
    "Answer",
    "Ask",
    "Asked",
    "Barrier",
    "Cancel",
    "CancelSend",
    "CapacityLimiter",
    "Cause",
    "ChanClose",
    "ChanRecv",
    "ChanRecvMany",
    "ChanSend",
    "ChanSendMany",
    "Channel",
    "ClearBreak",
    "ClearEvent",
    "ClosePipe",
    "Condition",
    "Connect",
    "Demonitor",
    "Down",
    "EndGroup",
    "EndInput",
    "EndedInfo",
    "EndedList",
    "Evaluate",
    "Event",
    "ExplainTask",
    "Explanation",
    "FileInfo",
    "FileList",
    "FrameInfo",
    "GetOverview",
    "GetStack",
    "GetTid",
    "GiveLine",
    "InspectTask",
    "Join",
    "KillTask",
    "LimitMailbox",
    "Link",
    "ListBreaks",
    "ListCode",
    "ListEnded",
    "ListFiles",
    "ListTasks",
    "Listen",
    "Lock",
    "MailboxInfo",
    "Monitor",
    "Mutex",
    "NewTask",
    "NextEnded",
    "Notify",
    "Now",
    "OnSignal",
    "OpenDatagram",
    "OpenScope",
    "Overview",
    "Pause",
    "Pipe",
    "PipeRead",
    "PipeWrite",
    "PlaceInfo",
    "Process",
    "RWLock",
    "RaiseIn",
    "Read",
    "ReadLine",
    "ReadWait",
    "Ready",
    "Receive",
    "Recv",
    "RecvFrom",
    "Register",
    "Release",
    "Resume",
    "RunInThread",
    "Scope",
    "ScopeInfo",
    "Select",
    "Semaphore",
    "Send",
    "SendAfter",
    "SendFile",
    "SendMessage",
    "SendSignal",
    "SendTo",
    "SetBreak",
    "SetEvent",
    "SetNice",
    "SetPolicy",
    "SharedGet",
    "SharedPut",
    "SharedWait",
    "Signal",
    "Sleep",
    "SleepUntil",
    "Slow",
    "SpawnLinked",
    "SpawnMonitored",
    "StackInfo",
    "StartProcess",
    "Step",
    "TakeLine",
    "TaskDetails",
    "TaskGroup",
    "TaskInfo",
    "TaskList",
    "TellReady",
    "Ticks",
    "TrapExits",
    "Unlink",
    "Unregister",
    "WaitAllBlocked",
    "WaitBarrier",
    "WaitEvent",
    "WaitFuture",
    "WaitProcess",
    "WaitTask",
    "WhereIs",
    "Write",
    "WriteWait",
    "Yield",
    "first_ended",
    "first_good",
    "within",
]
