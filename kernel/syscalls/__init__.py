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
from .lines import EndInput, GiveLine, ReadLine, TakeLine
from .links import Demonitor, Down, Link, Monitor, SpawnLinked, SpawnMonitored, TrapExits, Unlink
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
from .stepping import Pause, Resume, Slow, Step
from .streams import Read, Write
from .system import GetStack, ListTasks, StackInfo, TaskInfo, TaskList, WaitAllBlocked
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .threads import RunInThread, WaitFuture
from .time import Now, Sleep, SleepUntil, Ticks

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
    "Evaluate",
    "Event",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "GiveLine",
    "Join",
    "KillTask",
    "LimitMailbox",
    "Link",
    "ListBreaks",
    "ListCode",
    "ListTasks",
    "Listen",
    "Lock",
    "Monitor",
    "Mutex",
    "NewTask",
    "NextEnded",
    "Notify",
    "Now",
    "OnSignal",
    "OpenDatagram",
    "OpenScope",
    "Pause",
    "Pipe",
    "PipeRead",
    "PipeWrite",
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
