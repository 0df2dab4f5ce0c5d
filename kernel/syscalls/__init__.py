"""Every system call, by topic."""

from .datagrams import OpenDatagram, RecvFrom, SendTo
from .files import ReadWait, WriteWait
from .pipes import Read, Write
from .sendfile import SendFile
from .sockets import Accept, Connect, Listen, Recv, Send
from .system import FrameInfo, GetStack, ListTasks, StackInfo, TaskInfo, TaskList
from .tasks import GetTid, Join, KillTask, NewTask, WaitTask, Yield
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
    "OpenDatagram",
    "Read",
    "ReadWait",
    "Recv",
    "RecvFrom",
    "Send",
    "SendFile",
    "SendTo",
    "Sleep",
    "StackInfo",
    "TaskInfo",
    "TaskList",
    "WaitTask",
    "Write",
    "WriteWait",
    "Yield",
]
