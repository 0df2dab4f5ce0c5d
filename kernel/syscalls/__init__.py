"""Every system call, by topic."""

from .files import ReadWait, WriteWait
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
from .sockets import Accept, Connect, Listen, Recv, Send
from .system import FrameInfo, GetStack, ListTasks, StackInfo, TaskInfo, TaskList
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
from .time import Sleep

__all__ = [
    "Accept",
    "Answer",
    "Ask",
    "Asked",
    "CancelSend",
    "Connect",
    "FrameInfo",
    "GetStack",
    "GetTid",
    "Join",
    "KillTask",
    "LimitMailbox",
    "ListTasks",
    "Listen",
    "NewTask",
    "ReadWait",
    "Receive",
    "Recv",
    "Register",
    "Send",
    "SendAfter",
    "SendMessage",
    "Sleep",
    "StackInfo",
    "TaskInfo",
    "TaskList",
    "Unregister",
    "WaitTask",
    "WhereIs",
    "WriteWait",
    "Yield",
]
