"""PyOS, the kernel: an operating system for Python coroutines.

    from kernel import *

    def program():
        tid = yield GetTid()
        print("Hello, I am task", tid)

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()

The star import brings the whole interface: the scheduler and the machine, the four doors, every
system call, and every error.
"""

from .clock import Clock, ManualClock
from .errors import (
    BadTrap,
    Deadlock,
    FileClosed,
    IncompleteRead,
    KernelError,
    KernelStopped,
    LineTooLong,
    NoSuchTask,
    RequestCancelled,
    TaskFailed,
    TaskKilled,
    TooManyFiles,
    TooManyTasks,
    TooMuchData,
)
from .inbox import Inbox
from .machine import Machine
from .policies import Policy, Scripted
from .poller import EpollPoller, KqueuePoller, Poller, SelectPoller
from .reader import Reader
from .scheduler import Scheduler
from .syscalls import (
    Accept,
    Connect,
    FrameInfo,
    GetStack,
    GetTid,
    Join,
    KillTask,
    Listen,
    ListTasks,
    NewTask,
    OpenDatagram,
    Read,
    ReadWait,
    Recv,
    RecvFrom,
    Send,
    SendFile,
    SendTo,
    Sleep,
    StackInfo,
    TaskInfo,
    TaskList,
    WaitTask,
    Write,
    WriteWait,
    Yield,
)
from .systemcall import SystemCall, system_call
from .task import ExitStatus, Task
from .trace import (
    AcceptFailed,
    Answered,
    Called,
    Deadlocked,
    Event,
    Exited,
    Failed,
    Hogged,
    Panicked,
    Released,
    Spawned,
)
from .waitqueue import Caller, WaitQueue

__all__ = [
    "Accept",
    "AcceptFailed",
    "Answered",
    "BadTrap",
    "Called",
    "Caller",
    "Clock",
    "Connect",
    "Deadlock",
    "Deadlocked",
    "EpollPoller",
    "Event",
    "ExitStatus",
    "Exited",
    "Failed",
    "FileClosed",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "Hogged",
    "Inbox",
    "IncompleteRead",
    "Join",
    "KernelError",
    "KernelStopped",
    "KillTask",
    "KqueuePoller",
    "LineTooLong",
    "ListTasks",
    "Listen",
    "Machine",
    "ManualClock",
    "NewTask",
    "NoSuchTask",
    "OpenDatagram",
    "Panicked",
    "Policy",
    "Poller",
    "Read",
    "ReadWait",
    "Reader",
    "Recv",
    "RecvFrom",
    "Released",
    "RequestCancelled",
    "Scheduler",
    "Scripted",
    "SelectPoller",
    "Send",
    "SendFile",
    "SendTo",
    "Sleep",
    "Spawned",
    "StackInfo",
    "SystemCall",
    "Task",
    "TaskFailed",
    "TaskInfo",
    "TaskKilled",
    "TaskList",
    "TooManyFiles",
    "TooManyTasks",
    "TooMuchData",
    "WaitQueue",
    "WaitTask",
    "Write",
    "WriteWait",
    "Yield",
    "system_call",
]
