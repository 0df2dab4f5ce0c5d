"""What the frames of a call stack are: generators and coroutines, and what they delegate to.

How to look into them, how to close one for good, and how to keep the traceback of an error that
came through them free of the kernel's own entries, and of what it would keep alive.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import CO_OPTIMIZED
from itertools import accumulate, chain, repeat
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType, TracebackType
from typing import Any, Final

from .systemcall import SystemCall, brief


def begun(frame: Any) -> bool:
    """Whether a generator or coroutine has run at all."""
    return bool(frame.gi_suspended if type(frame) is GeneratorType else frame.cr_suspended)


def own_yield(frame: Any) -> bool:
    """Whether a generator is suspended at a `yield` of its own, or of a generator that it delegates
    to; not in an `await`, nor in a foreign iterator.
    """
    return all(type(part) is GeneratorType for part in delegates(frame))


def frame_of(thing: Any) -> Any:
    """The Python frame of a generator, coroutine or asynchronous generator; None if it has none."""
    return getattr(thing, FRAMES[type(thing)]) if type(thing) in FRAMES else None


def locals_of(frame: FrameType) -> dict[str, Any]:
    """The local variables of a Python frame, as they are now."""
    values = frame.f_locals
    copy = dict(values)
    of_function = frame.f_code.co_flags & CO_OPTIMIZED  # or they are the variables themselves
    if of_function and sys.version_info < (3, 13) and sys.getrefcount(values) == KEPT_BY_THE_FRAME:
        values.clear()  # a copy, which would hold on to what the program drops
    return copy


def bottom(ground: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The outermost frame of a plain function's own stack. `ground` knows what is below it."""
    return function(*args, **kwargs)


def stack_from(frame: FrameType | None) -> Iterator[FrameType]:
    """This frame and all below it, those included that a plain function's own stack stands on.

    The frames of a stack are had all at once, in one instruction: whose stack it is may run on
    meanwhile, and to follow the frames of a thread that runs can crash Python 3.11.
    """
    while frame is not None:
        stack: list[Any] = []
        with suppress(AttributeError):  # nothing is below the last
            stack.extend(accumulate(chain([frame], repeat("f_back")), FOLLOW))
        frame = None
        for each in stack[:-1]:
            yield each
            if each.f_code is bottom.__code__:
                frame = each.f_locals["ground"].below


def delegates(frame: Any) -> Iterator[Any]:
    """A generator or coroutine, what it delegates to by `yield from` or `await`, and so on."""
    part = frame
    while part is not None:
        yield part
        part = delegate(part)


def delegate(part: Any) -> Any:
    if type(part) in DELEGATION:
        return getattr(part, DELEGATION[type(part)])
    return gc.get_referents(part)[0] if is_go_between(part) else None


def is_go_between(part: Any) -> bool:
    """Whether it is one of the interpreter's own types, and not a class that is named like one."""
    kind = type(part)
    return kind.__name__ in GO_BETWEENS and not kind.__flags__ & HEAP_TYPE


def strip(error: BaseException) -> BaseException:
    """Drop the kernel's own entries from the head of the error's traceback.

    Here and below, what an error knows is asked of `BaseException`: its class may have its own way.
    """
    trace = traceback_of(error)
    while trace is not None and is_loops_own(trace.tb_frame):
        trace = trace.tb_next
    return BaseException.with_traceback(error, trace)


def is_loops_own(frame: FrameType) -> bool:
    """Whether a frame is of the modules that every error passes through."""
    name = frame.f_globals.get("__name__")
    return type(name) is str and name in LOOP_MODULES  # a program's own may be of any type


def is_kernels_own(frame: FrameType) -> bool:
    """Whether a frame is of the kernel's code."""
    name = frame.f_globals.get("__name__")
    return type(name) is str and name.startswith("kernel.")


def traceback_of(error: BaseException) -> TracebackType | None:
    trace: TracebackType | None = vars(BaseException)["__traceback__"].__get__(error)
    return trace


def innermost(error: BaseException, frames: int) -> tuple[TracebackType | None, int]:
    """The end of the error's traceback, so many frames of it, and how many there are before."""
    last = trace = traceback_of(error)
    depth = 0
    while last is not None:
        last, depth = last.tb_next, depth + 1
    omitted = max(0, depth - frames)
    for _ in range(omitted):
        assert trace is not None
        trace = trace.tb_next
    return trace, omitted


def release_locals(error: BaseException) -> None:
    """Empty the finished frames of the error's traceback, and of the errors behind it.

    A kept error would keep their locals alive, open sockets among them.
    """
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        links += [vars(BaseException)[name].__get__(link) for name in ("__cause__", "__context__")]
        if issubclass(type(link), BaseExceptionGroup):
            links += vars(BaseExceptionGroup)["exceptions"].__get__(link)
        trace = traceback_of(link)
        while trace is not None:
            if is_finished(trace.tb_frame):
                trace.tb_frame.clear()
            trace = trace.tb_next


def is_finished(frame: FrameType) -> bool:
    """Whether a frame owns its locals. One that is suspended does not, and to clear it would close
    its generator.
    """
    return any(part is frame.f_code for part in gc.get_referents(frame))


def shut(
    part: Any, serve: Callable[[SystemCall], Any], error: BaseException | None = None
) -> BaseException | None:
    """Raise `GeneratorExit` in a frame, and `serve` the calls by which it then gives something
    back, a permit say; gives what it raises in the end, or else `error`.

    One that goes on in any other way is never freed, because the interpreter would try it again,
    in vain, and print so.
    """
    if type(part) not in (GeneratorType, CoroutineType) and not is_go_between(part):
        return error  # whoever delegates to it closes it
    try:
        go_to_the_end(part, serve)
    except (GeneratorExit, StopIteration):
        return error
    except BaseException as refusal:
        return refusal
    never_free(part)
    return RuntimeError(f"{brief(part)} ignored GeneratorExit")


def go_to_the_end(part: Any, serve: Callable[[SystemCall], Any]) -> None:
    """The steps of a frame in which `GeneratorExit` is raised, as long as each gives something
    back, and there are not too many of them. Its end comes out as an error.
    """
    step: Callable[[Any], Any] = part.throw
    what: Any = GeneratorExit()
    for _ in range(GIVEN_BACK):
        call = step(what)
        if not (isinstance(call, SystemCall) and call.gives_back):
            return
        try:
            step, what = part.send, serve(call)
        except BaseException as error:
            step, what = part.throw, error


def drop(target: Any) -> None:
    """Close a generator or coroutine that is not to run after all, unless it has begun. (Of a
    coroutine the interpreter would print that it was never awaited.)
    """
    if type(target) in (GeneratorType, CoroutineType) and not begun(target):
        target.close()


def never_free(part: Any) -> None:
    """Leak `part` on purpose: one reference more than anyone will ever give back."""
    try:
        import ctypes
    except (ImportError, OSError):  # not in this Python, or there is no descriptor to load it with
        KEPT.append(part)
    else:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(part))


#: The references to `frame.f_locals` where the program has not called `locals()` itself: one of the
#: frame's, and two of ours.
KEPT_BY_THE_FRAME: Final = 3

#: So many things a frame may give back when it is shut.
GIVEN_BACK: Final = 100

#: From a frame and "f_back", the frame below it.
FOLLOW: Final[Callable[[Any, Any], Any]] = getattr

#: The frames that go on whatever is raised in them, where there is no better way to keep them.
KEPT: Final[list[Any]] = []


#: Where generators and coroutines keep their Python frame.
FRAMES: Final = {
    GeneratorType: "gi_frame",
    CoroutineType: "cr_frame",
    AsyncGeneratorType: "ag_frame",
}


#: How the frames tell what they delegate to.
DELEGATION: Final = {
    GeneratorType: "gi_yieldfrom",
    CoroutineType: "cr_await",
    AsyncGeneratorType: "ag_await",
}


#: What the interpreter puts between an `await` or an `async for` and the coroutine or asynchronous
#: generator behind it, which only the garbage collector is told.
GO_BETWEENS: Final = {
    "anext_awaitable",
    "async_generator_asend",
    "async_generator_athrow",
    "coroutine_wrapper",
}


#: Set in the flags of every class that is not the interpreter's own (`Py_TPFLAGS_HEAPTYPE`).
HEAP_TYPE: Final = 1 << 9


#: Through the functions of these modules every error passes on its way up a call stack.
LOOP_MODULES: Final = {
    __name__,
    "kernel.fibers",
    "kernel.green.program",
    "kernel.greenlets",
    "kernel.scheduler",
    "kernel.standins",
    "kernel.task",
    "kernel.trace",
    "kernel.waitqueue",
    "kernel.workers",
}
