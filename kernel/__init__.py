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
    KernelError,
    KernelStopped,
    NoSuchTask,
    RequestCancelled,
    TaskFailed,
    TaskKilled,
    TooManyFiles,
    TooManyTasks,
)
from .inbox import Inbox
from .machine import Machine
from .policies import Policy, Scripted
from .poller import EpollPoller, KqueuePoller, Poller, SelectPoller
from .scheduler import Scheduler
from .shared import SharedEvent, SharedQueue
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
    ReadWait,
    Recv,
    RunInThread,
    Send,
    SharedGet,
    SharedPut,
    SharedWait,
    Sleep,
    StackInfo,
    TaskInfo,
    TaskList,
    WaitFuture,
    WaitTask,
    WriteWait,
    Yield,
)
from .systemcall import SystemCall, system_call
from .task import ExitStatus, Task
from .trace import (
    Abandoned,
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
    Unheard,
)
from .waitqueue import Caller, WaitQueue

__all__ = [
    "Abandoned",
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
    "Join",
    "KernelError",
    "KernelStopped",
    "KillTask",
    "KqueuePoller",
    "ListTasks",
    "Listen",
    "Machine",
    "ManualClock",
    "NewTask",
    "NoSuchTask",
    "Panicked",
    "Policy",
    "Poller",
    "ReadWait",
    "Recv",
    "Released",
    "RequestCancelled",
    "RunInThread",
    "Scheduler",
    "Scripted",
    "SelectPoller",
    "Send",
    "SharedEvent",
    "SharedGet",
    "SharedPut",
    "SharedQueue",
    "SharedWait",
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
    "Unheard",
    "WaitFuture",
    "WaitQueue",
    "WaitTask",
    "WriteWait",
    "Yield",
    "system_call",
]
