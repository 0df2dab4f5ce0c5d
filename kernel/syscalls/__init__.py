"""Every system call, by topic."""

from .files import ReadWait, WriteWait
from .links import Demonitor, Down, Link, Monitor, SpawnLinked, SpawnMonitored, TrapExits, Unlink
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
from .sockets import Accept, Connect, Listen, Recv, Send
from .system import FrameInfo, GetStack, ListTasks, StackInfo, TaskInfo, TaskList
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .time import Now, Sleep

__all__ = [
    "Accept",
    "Answer",
    "Ask",
    "Asked",
    "CancelSend",
    "ClosePipe",
    "Connect",
    "Demonitor",
    "Down",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "Join",
    "KillTask",
    "LimitMailbox",
    "Link",
    "ListTasks",
    "Listen",
    "Monitor",
    "NewTask",
    "Now",
    "Pipe",
    "PipeRead",
    "PipeWrite",
    "ReadWait",
    "Receive",
    "Recv",
    "Register",
    "Send",
    "SendAfter",
    "SendMessage",
    "Sleep",
    "SpawnLinked",
    "SpawnMonitored",
    "StackInfo",
    "TaskInfo",
    "TaskList",
    "TrapExits",
    "Unlink",
    "Unregister",
    "WaitTask",
    "WhereIs",
    "WriteWait",
    "Yield",
]
