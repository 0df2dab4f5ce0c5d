"""Every system call, by topic."""

from .files import ReadWait, WriteWait
from .shared import SharedGet, SharedPut, SharedWait
from .sockets import Accept, Connect, Listen, Recv, Send
from .system import FrameInfo, GetStack, ListTasks, StackInfo, TaskInfo, TaskList
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .threads import RunInThread, WaitFuture
from .time import Sleep

__all__ = [
    "Accept",
    "Connect",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "Join",
    "KillTask",
    "ListTasks",
    "Listen",
    "NewTask",
    "ReadWait",
    "Recv",
    "RunInThread",
    "Send",
    "SharedGet",
    "SharedPut",
    "SharedWait",
    "Sleep",
    "StackInfo",
    "TaskInfo",
    "TaskList",
    "WaitFuture",
    "WaitTask",
    "WriteWait",
    "Yield",
]
