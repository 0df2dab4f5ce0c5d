"""Every system call, by topic."""

from .channels import ChanClose, Channel, ChanRecv, ChanRecvMany, ChanSend, ChanSendMany
from .conditions import Condition, Notify
from .datagrams import OpenDatagram, RecvFrom, SendTo
from .events import Barrier, ClearEvent, Event, SetEvent, WaitBarrier, WaitEvent
from .files import ReadWait, WriteWait
from .groups import EndGroup, NextEnded, TaskGroup, first_ended, first_good
from .locks import Abandon, Acquire, CapacityLimiter, Lock, Mutex, Release, Semaphore
from .pipes import Read, Write
from .processes import Process, StartProcess, WaitProcess
from .ready import Ready, TellReady
from .rwlock import RWLock
from .scopes import Cancel, OpenScope, Scope, within
from .select import Select
from .sendfile import SendFile
from .shared import SharedGet, SharedPut, SharedWait
from .signals import OnSignal, SendSignal, Signal
from .sockets import Accept, Connect, Listen, Recv, Send
from .system import FrameInfo, GetStack, ListTasks, StackInfo, TaskInfo, TaskList, WaitAllBlocked
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .threads import RunInThread, WaitFuture
from .time import Now, Sleep, SleepUntil, Ticks

__all__ = [
    "Abandon",
    "Accept",
    "Acquire",
    "Barrier",
    "Cancel",
    "CapacityLimiter",
    "ChanClose",
    "ChanRecv",
    "ChanRecvMany",
    "ChanSend",
    "ChanSendMany",
    "Channel",
    "ClearEvent",
    "Condition",
    "Connect",
    "EndGroup",
    "Event",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "Join",
    "KillTask",
    "ListTasks",
    "Listen",
    "Lock",
    "Mutex",
    "NewTask",
    "NextEnded",
    "Notify",
    "Now",
    "OnSignal",
    "OpenDatagram",
    "OpenScope",
    "Process",
    "RWLock",
    "Read",
    "ReadWait",
    "Ready",
    "Recv",
    "RecvFrom",
    "Release",
    "RunInThread",
    "Scope",
    "Select",
    "Semaphore",
    "Send",
    "SendFile",
    "SendSignal",
    "SendTo",
    "SetEvent",
    "SharedGet",
    "SharedPut",
    "SharedWait",
    "Signal",
    "Sleep",
    "SleepUntil",
    "StackInfo",
    "StartProcess",
    "TaskGroup",
    "TaskInfo",
    "TaskList",
    "TellReady",
    "Ticks",
    "WaitAllBlocked",
    "WaitBarrier",
    "WaitEvent",
    "WaitFuture",
    "WaitProcess",
    "WaitTask",
    "Write",
    "WriteWait",
    "Yield",
    "first_ended",
    "first_good",
    "within",
]
