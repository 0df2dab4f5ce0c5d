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
    MailboxFull,
    NameTaken,
    NoAnswer,
    NoSuchName,
    NoSuchTask,
    NotATask,
    RequestCancelled,
    TaskEnded,
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
from .syscalls import (
    Accept,
    Answer,
    Ask,
    Asked,
    CancelSend,
    Connect,
    FrameInfo,
    GetStack,
    GetTid,
    Join,
    KillTask,
    LimitMailbox,
    Listen,
    ListTasks,
    NewTask,
    ReadWait,
    Receive,
    Recv,
    Register,
    Send,
    SendAfter,
    SendMessage,
    Sleep,
    StackInfo,
    TaskInfo,
    TaskList,
    Unregister,
    WaitTask,
    WhereIs,
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
    "Answer",
    "Answered",
    "Ask",
    "Asked",
    "BadTrap",
    "Called",
    "Caller",
    "CancelSend",
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
    "LimitMailbox",
    "ListTasks",
    "Listen",
    "Machine",
    "MailboxFull",
    "ManualClock",
    "NameTaken",
    "NewTask",
    "NoAnswer",
    "NoSuchName",
    "NoSuchTask",
    "NotATask",
    "Panicked",
    "Policy",
    "Poller",
    "ReadWait",
    "Receive",
    "Recv",
    "Register",
    "Released",
    "RequestCancelled",
    "Scheduler",
    "Scripted",
    "SelectPoller",
    "Send",
    "SendAfter",
    "SendMessage",
    "Sleep",
    "Spawned",
    "StackInfo",
    "SystemCall",
    "Task",
    "TaskEnded",
    "TaskFailed",
    "TaskInfo",
    "TaskKilled",
    "TaskList",
    "TooManyFiles",
    "TooManyTasks",
    "Unregister",
    "WaitQueue",
    "WaitTask",
    "WhereIs",
    "WriteWait",
    "Yield",
    "system_call",
]
