"""A green program does what its script does under Python, and ends as a task ends."""

from __future__ import annotations

import gc
import signal
import socket
import sys
import weakref

import pytest

from kernel import (
    GetStack,
    KillTask,
    ListTasks,
    Machine,
    NewTask,
    Preempt,
    Scheduler,
    SendMessage,
    SendSignal,
    Signal,
    Sleep,
    TaskKilled,
    WaitTask,
    green_script,
)
from kernel.green import program as green_program

from ..support import GUARD, functions, no_collector
from .running import green, run_all, under_python, when_blocked, write

#: Scripts that print the same under Python, with these files beside them.
SCRIPTS: dict[str, dict[str, str]] = {
    "a lock is nothing to be pickled or copied": {
        "script.py": """
            import copy, pickle, threading
            for take in (pickle.dumps, copy.copy):
                try: take(threading.Lock())
                except TypeError as error: print(error)
            """
    },
    "threads, a queue, and sleep": {
        "script.py": """
            import queue, threading, time
            jobs, results = queue.Queue(3), []
            def worker():
                while (job := jobs.get()) is not None:
                    time.sleep(0.001)
                    results.append(job * job)
                    jobs.task_done()
            threads = [threading.Thread(target=worker) for _ in range(4)]
            for thread in threads: thread.start()
            for number in range(20): jobs.put(number)
            jobs.join()
            for thread in threads: jobs.put(None)
            for thread in threads: thread.join()
            print(sorted(results), threading.active_count(), threading.current_thread().name)
            """
    },
    "every lock of threading": {
        "script.py": """
            import threading, time
            lock, order = threading.RLock(), []
            def twice(name):
                with lock, lock:
                    order.append(name); time.sleep(0.001); order.append(name)
            threads = [threading.Thread(target=twice, args=(name,)) for name in "abc"]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print([first == second for first, second in zip(order[::2], order[1::2])])
            condition, items = threading.Condition(), []
            def consumer():
                with condition:
                    print(condition.wait_for(lambda: items, 30), items)
            thread = threading.Thread(target=consumer); thread.start()
            with condition:
                items.append(1); condition.notify_all()
            thread.join()
            event = threading.Event()
            print(event.wait(0.001), threading.Timer(0.001, event.set).start(), event.wait(30))
            semaphore = threading.BoundedSemaphore(1)
            print(semaphore.acquire(), semaphore.acquire(timeout=0.001), semaphore.release())
            barrier, numbers = threading.Barrier(3), []
            def meet(): numbers.append(barrier.wait())
            threads = [threading.Thread(target=meet) for _ in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(sorted(numbers))
            own = threading.local(); own.value = "main"
            class Own(threading.local):
                def __init__(self, value): self.value = value
            mine = Own(7); mine.value += 1
            def look(): print(hasattr(own, "value"), mine.value)
            thread = threading.Thread(target=look); thread.start(); thread.join()
            print(own.value, mine.value, sorted(vars(own)))
            try: threading.Lock().release()
            except RuntimeError as error: print(error)
            try: threading.Lock().acquire(False, 1)
            except ValueError as error: print(error)
            """
    },
    "a pool of threads": {
        "script.py": """
            import concurrent.futures, time
            def work(number):
                time.sleep(0.001 * (5 - number)); return number * number
            with concurrent.futures.ThreadPoolExecutor(5) as pool:
                print(list(pool.map(work, range(5))))
                done, left = concurrent.futures.wait([pool.submit(work, 1)], 30)
                print(len(done), len(left))
                try: pool.submit(lambda: 1 / 0).result()
                except ZeroDivisionError as error: print(error)
            """
    },
    "what it is": {
        "script.py": """
            import sys, __main__, os.path
            print(__name__, os.path.basename(__file__), sys.argv[1:], __main__.__file__ == __file__)
            print(sys.modules["__main__"] is __main__, __spec__, __package__)
            if __name__ == "__main__": print("main", os.path.basename(sys.path[0]) != "")
            print(sorted(name for name in globals() if name.startswith("__")))
            """
    },
    "packages, and imports in circles": {
        "script.py": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from nowhere import Nothing
            import time
            import package.first as first
            from package import second, value, late
            from package.deep.inner import where
            from package import *
            import package.deep
            print(first.name, second.name, value, where(), sorted(package.__all__), starred)
            print(package.deep.inner.time is time, package.first is first)
            for name in ("package.none", "none", "package.first.x", "script.x"):
                try: __import__(name)
                except ImportError as error: print(type(error).__name__, error, error.name)
            try: from package import nothing_of_this_name
            except ImportError as error: print(str(error).partition(" (")[0])
            try: import package.broken
            except ZeroDivisionError as error: print(error)
            import sys
            print("package.broken" in sys.modules, hasattr(package, "broken"))
            sys.modules["put"] = "there"
            import put
            print(put)
            sys.modules["gone"] = None
            try: import gone
            except ImportError as error: print(error)
            import package.itself
            print(package.itself)
            import open_space.inside
            print(open_space.inside.name, len(list(open_space.__path__)))
            """,
        "open_space/inside.py": "import time\nname = __name__\n",
        "package/__init__.py": """
            __all__ = ["starred", "second"]
            from .first import name as value
            starred = "*"
            def __getattr__(name):
                if name == "late": return "late"
                raise AttributeError(name)
            """,
        "package/first.py": "from . import second\nname = 'first ' + second.early\n",
        "package/second.py": """
            early = "early"
            from . import first
            import package.first
            name = "second of " + __package__
            """,
        "package/broken.py": "import time\n1 / 0\n",
        "package/itself.py": "import sys\nsys.modules[__name__] = 'another'\n",
        "package/deep/__init__.py": "",
        "package/deep/inner.py": """
            import time
            from .. import second
            from ..first import name
            def where(): return __name__, second.name, name
            """,
    },
    "importlib": {
        "script.py": """
            import importlib, importlib.util, pkgutil, sys
            module = importlib.import_module("beside")
            print(module.count, importlib.reload(module) is module, module.count)
            print(importlib.import_module(".inner", "package").__name__)
            try: importlib.import_module(".inner")
            except TypeError as error: print(error)
            print(importlib.util.find_spec("beside").name, importlib.util.find_spec("nowhere"))
            print(pkgutil.resolve_name("package.inner:value"), sys.modules["beside"] is module)
            import unittest.mock
            with unittest.mock.patch("package.inner.value", 2):
                from package import inner
                print(inner.value)
            """,
        "beside.py": "try: count += 1\nexcept NameError: count = 1\n",
        "package/__init__.py": "",
        "package/inner.py": "value = 1\n",
    },
    "what is found by its name": {
        "script.py": """
            from __future__ import annotations
            import dataclasses, enum, inspect, pickle, typing, json, collections, time, re, copy
            @dataclasses.dataclass
            class Point:
                x: int
                y: typing.ClassVar[int] = 2
            class Colour(enum.Enum):
                RED = "red"
            Named = collections.namedtuple("Named", "a b")
            things = [Point(1), Colour.RED, Named(1, 2), time.sleep.__name__]
            print(pickle.loads(pickle.dumps(things)) == things, copy.deepcopy(things) == things)
            print([field.name for field in dataclasses.fields(Point)])
            print(typing.get_type_hints(Point), inspect.getmodule(Point).__name__)
            try: json.loads("{")
            except json.JSONDecodeError as error: print(error)
            print(time.strptime("2020", "%Y").tm_year, re.compile("a", re.I).flags)
            import socket, signal
            print(repr(socket.AF_INET), repr(signal.SIGINT), socket.AddressFamily(2).name)
            """
    },
    "output": {
        "script.py": """
            import contextlib, io, sys, logging
            with contextlib.redirect_stdout(io.StringIO()) as text:
                print("captured", end="!")
            print(repr(text.getvalue()))
            sys.stdout.write("written\\n")
            former, sys.stdout = sys.stdout, io.StringIO()
            print("put aside")
            sys.stdout, text = former, sys.stdout
            print(text.getvalue().strip())
            logging.basicConfig(stream=sys.stdout, format="%(threadName)s %(message)s")
            logging.warning("logged")
            """
    },
    "processes": {
        "script.py": """
            import os, subprocess, sys
            child = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.exit(3)"
            done = subprocess.run(
                [sys.executable, "-c", child], input="text", capture_output=True, text=True)
            print(done.returncode, done.stdout)
            wait = [sys.executable, "-c", "import time; time.sleep(60)"]
            try: subprocess.run(wait, timeout=0.01)
            except subprocess.TimeoutExpired as error: print(type(error).__name__)
            two = [sys.executable, "-c", "print(1); print(2)"]
            with subprocess.Popen(two, stdout=subprocess.PIPE, text=True) as lines:
                print([line.strip() for line in lines.stdout], lines.wait())
            echo = subprocess.Popen(
                [sys.executable, "-uc", "for _ in range(2): print(input()[::-1])"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            for word in ("abc", "xyz"):
                echo.stdin.write(word + "\\n")
                print(echo.stdout.readline().strip())
            print(echo.communicate(), echo.returncode)
            with os.popen("echo popen") as text: print(text.read().strip())
            print(os.system("exit 2") >> 8)
            pid = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "exit 5")
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            try: os.waitpid(pid, 0)
            except ChildProcessError as error: print(error.errno)
            try: subprocess.run(["nothing-of-this-name"])
            except FileNotFoundError as error: print(error.filename)
            """
    },
    "pipes and selectors": {
        "script.py": """
            import os, select, selectors, socket, threading, time
            reader, writer = os.pipe()
            print(select.select([reader], [writer], [], 1)[1] == [writer])
            print(select.select([reader], [], [], 0.001), select.select([], [], [], 0))
            threading.Timer(0.001, os.write, (writer, b"data")).start()
            print(select.select([reader], [], [])[0] == [reader], os.read(reader, 99))
            with os.fdopen(reader) as lines, os.fdopen(writer, "w", 1) as out:
                threading.Timer(0.001, out.write, ("line\\n",)).start()
                print(lines.readline())
            from selectors import DefaultSelector, PollSelector, SelectSelector
            for kind in (SelectSelector, PollSelector, DefaultSelector):
                ours, theirs = socket.socketpair()
                with kind() as selector, ours, theirs:
                    selector.register(ours, selectors.EVENT_READ, "data")
                    print(selector.select(0), selector.select(0.001))
                    threading.Timer(0.001, theirs.send, (b"x",)).start()
                    print([(key.data, event) for key, event in selector.select(30)])
            """
    },
    "asyncio": {
        "script.py": """
            import asyncio, sys, time
            async def client(port):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"hello\\n")
                line = await reader.readline()
                writer.close(); await writer.wait_closed()
                return line
            async def serve(reader, writer):
                writer.write((await reader.readline()).upper())
                await writer.drain(); writer.close()
            async def main():
                server = await asyncio.start_server(serve, "127.0.0.1", 0)
                async with server:
                    port = server.sockets[0].getsockname()[1]
                    print(await asyncio.gather(*(client(port) for _ in range(3))))
                print(await asyncio.to_thread(time.sleep, 0.001))
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", "print(1)", stdout=asyncio.subprocess.PIPE)
                print(await process.communicate(), process.returncode)
                try:
                    async with asyncio.timeout(0.001): await asyncio.sleep(60)
                except TimeoutError: print("timeout")
            asyncio.run(main())
            """
    },
    "its end": {
        "script.py": """
            import atexit, sys, threading, time
            atexit.register(print, "at exit")
            go = threading.Event()
            def late():
                go.wait(); print("thread")
            threading.Thread(target=late).start()
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            print("script"); go.set()
            sys.exit(5)
            """
    },
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_under_python(tmp_path, capsys, name):
    script = write(tmp_path, SCRIPTS[name])
    printed, status = under_python(script, "an", "argument")
    assert printed
    (ended,) = run_all(green_script(str(script), "an", "argument"))
    assert ended.error is None, functions(ended.error)
    assert (capsys.readouterr().out, ended.value or 0) == (printed, status)


@pytest.mark.parametrize(
    ("left", "value", "said"),
    [("", None, ""), ("0", 0, ""), ("3", 3, ""), ("'sorry'", 1, "sorry\n")],
)
def test_a_script_that_leaves_ends_its_task_with_that_status(tmp_path, capsys, left, value, said):
    status = green(tmp_path, f"import sys\nsys.exit({left})")
    assert status.ok and status.value == (value or None)
    assert capsys.readouterr().err == said


def test_an_error_ends_the_task_with_a_traceback_of_its_own_frames(tmp_path):
    write(tmp_path, {"beside.py": "import time\ndef f():\n    1 / 0\nf()\n"})
    status = green(tmp_path, "import threading\nimport beside\n")
    assert isinstance(status.error, ZeroDivisionError)
    assert functions(status.error) == ["<module>", "<module>", "f"]


def test_what_is_no_script_is_refused_before_it_is_a_task(tmp_path):
    with pytest.raises(FileNotFoundError):
        green_script(str(tmp_path / "none.py"))
    with pytest.raises(SyntaxError):
        green_script(str(write(tmp_path, {"bad.py": "def"})))


BLOCKING = {
    "sleep": "time.sleep(60)",
    "lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "event": "threading.Event().wait()",
    "condition": "lock = threading.Condition(); lock.acquire(); lock.wait(60)",
    "queue": "queue.Queue().get()",
    "join": "threading.Thread(target=time.sleep, args=(60,)).start(); threads()[1].join()",
    "future": "concurrent.futures.Future().result()",
    "accept": "socket.create_server(('127.0.0.1', 0)).accept()",
    "receive": "pair[0].recv(9)",
    "send": "pair[0].sendall(bytes(10_000_000))",
    "file": "pair[0].makefile().readline()",
    "select": "select.select([pair[0]], [], [])",
    "selector": "selectors.DefaultSelector().select(60)",
    "process": "subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
    "pipe": "os.read(pipe[0], 9)",
}


@pytest.mark.filterwarnings("ignore")  # what a killed script has left open
@pytest.mark.parametrize("name", BLOCKING)
def test_a_kill_reaches_it_wherever_it_blocks_and_ends_its_threads(tmp_path, capsys, name):
    source = f"""
import concurrent.futures, os, queue, select, selectors, socket, subprocess, sys, threading, time
pair, pipe, threads = socket.socketpair(), os.pipe(), threading.enumerate
threading.Thread(target=time.sleep, args=(60,)).start()
def block():
    try:
        {BLOCKING[name]}
    finally:
        time.sleep(0.001)
        print("cleared up")
try:
    block()
except Exception:
    print("not acceptable")
"""
    script = write(tmp_path, {"script.py": source})
    status, _ = run_all(green_script(str(script)), when_blocked(1, "block", KillTask(1)))
    assert status.killed and not status.forced
    assert capsys.readouterr().out == "cleared up\n"


def test_it_ends_by_force_with_all_its_threads(tmp_path):
    source = """
        import threading, time
        def stubborn():
            while True:
                try: time.sleep(60)
                except BaseException: pass
        for _ in range(3): threading.Thread(target=time.sleep, args=(60,)).start()
        stubborn()
        """
    script = write(tmp_path, {"script.py": source})
    kill = when_blocked(1, "stubborn", KillTask(1, 0))
    status, _ = run_all(green_script(str(script)), kill)
    assert status.forced


def test_a_script_that_is_a_subroutine_ends_its_threads_as_it_ends(tmp_path):
    source = """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        """
    script = write(tmp_path, {"script.py": source})
    left = []

    def program():
        for _ in range(2):
            yield green_script(str(script))
        yield WaitTask(2)
        yield WaitTask(3)
        left.extend(task.tid for task in (yield ListTasks()).tasks)

    run_all(program())
    assert left == [1]


def test_a_ctrl_c_is_raised_where_it_blocks(tmp_path, capsys):
    source = """
        import time
        def block():
            try: time.sleep(60)
            except KeyboardInterrupt: print("interrupted")
        block()
        """
    script = write(tmp_path, {"script.py": source})
    interrupt = when_blocked(1, "block", SendSignal(1, Signal.INT))
    status, _ = run_all(green_script(str(script)), interrupt)
    assert status.ok and capsys.readouterr().out == "interrupted\n"


def test_a_ctrl_c_is_for_the_main_thread_which_ends_the_others_in_peace(tmp_path, capsys):
    source = """
        import threading, time
        stop = threading.Event()
        def work():
            stop.wait(60)
            print("in peace")
        thread = threading.Thread(target=work)
        thread.start()
        def block():
            try: time.sleep(60)
            except KeyboardInterrupt: stop.set()
        block()
        thread.join()
        """
    script = write(tmp_path, {"script.py": source})

    def interrupts_all():
        yield from when_blocked(1, "block", SendSignal(3, Signal.INT))
        yield SendSignal(1, Signal.INT)

    status, _ = run_all(green_script(str(script)), interrupts_all())
    assert status.ok and capsys.readouterr() == ("in peace\n", "")


HOOK = """
import sys, time
def hook(kind, value, trace):
    time.sleep(0.001)
    print("hook:", kind.__name__, value, trace.tb_frame.f_code.co_name, trace.tb_next)
sys.excepthook = hook
"""


def test_its_excepthook_is_called_in_its_universe_and_it_fails_all_the_same(tmp_path, capsys):
    former = sys.excepthook
    status = green(tmp_path, HOOK + "raise ValueError('no good')")
    assert isinstance(status.error, ValueError)
    assert capsys.readouterr() == ("hook: ValueError no good <module> None\n", "")
    assert sys.excepthook is former


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)"])
def test_a_script_that_does_not_fail_calls_no_excepthook(tmp_path, capsys, end):
    assert green(tmp_path, HOOK + end).ok
    assert capsys.readouterr().out == ""


def test_a_kill_is_no_error_for_an_excepthook(tmp_path, capsys):
    script = write(tmp_path, {"script.py": HOOK + "def block(): time.sleep(60)\nblock()"})
    kill = when_blocked(1, "block", KillTask(1))
    status, _ = run_all(green_script(str(script)), kill)
    assert status.killed
    assert capsys.readouterr().out == ""


def test_an_excepthook_that_fails_itself_is_told_of_and_the_first_error_ends_the_task(
    tmp_path, capsys
):
    source = "import sys\nsys.excepthook = lambda *_: 1 / 0\nraise ValueError('no good')"
    status = green(tmp_path, source)
    assert isinstance(status.error, ValueError)
    told = capsys.readouterr().err
    assert told.startswith("Error in sys.excepthook:\n")
    assert told.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "program.py" not in told


def test_an_excepthook_may_give_the_exit_code(tmp_path):
    source = "import sys\nsys.excepthook = lambda *_: sys.exit(4)\nraise ValueError('no good')"
    status = green(tmp_path, source)
    assert status.value == 4


@pytest.mark.parametrize("name", ["alarm", "setitimer", "sigwait", "pthread_kill", "pause"])
@pytest.mark.parametrize("how", ["signal.{}", "__import__('signal', fromlist=['{0}']).{0}"])
def test_what_is_about_the_signals_of_the_process_says_what_to_use_instead(tmp_path, name, how):
    if not hasattr(signal, name):
        pytest.skip("platform: there is none")
    status = green(tmp_path, f"import signal\nprint(hasattr(signal, {name!r}))\n{how.format(name)}")
    assert isinstance(status.error, (AttributeError, ImportError))
    assert str(status.error).startswith(f"no signal.{name} in a green script: ")


def test_an_alarm_that_is_imported_by_its_name_says_so_too(tmp_path):
    status = green(tmp_path, "from signal import SIGINT, setitimer")
    assert isinstance(status.error, ImportError)
    assert "threading.Timer" in str(status.error)
    status = green(tmp_path, "import signal\nsignal.nonsense")
    assert str(status.error) == "module 'signal' has no attribute 'nonsense'"


def test_its_handlers_of_signals_are_called_for_those_of_its_task(tmp_path, capsys):
    source = """
        import signal, threading
        stop = threading.Event()
        print(signal.signal(signal.SIGINT, lambda number, frame: stop.set()))
        print(signal.getsignal(signal.SIGTERM), hasattr(signal, "alarm"))
        def block():
            print(stop.wait(60))
        block()
        try: threading.Thread(target=signal.signal, args=(2, print)).run()
        except ValueError as error: print(error)
        """
    script = write(tmp_path, {"script.py": source})
    interrupt = when_blocked(1, "block", SendSignal(1, Signal.INT))
    status, _ = run_all(green_script(str(script)), interrupt)
    assert status.ok
    assert capsys.readouterr().out.splitlines()[1:] == ["0 False", "True"]


def test_an_error_of_a_thread_is_told_and_ends_that_thread_only(tmp_path, capsys):
    source = """
        import threading, _thread, time
        def fail(): raise ValueError("in a thread")
        thread = threading.Thread(target=fail, name="worker"); thread.start(); thread.join()
        _thread.start_new_thread(fail, ())
        time.sleep(0.001)
        print("goes on")
        """
    assert green(tmp_path, source).ok
    out, err = capsys.readouterr()
    assert out == "goes on\n"
    assert err.count("ValueError: in a thread") == 2
    assert "Exception in thread worker:" in err and "in thread started by: <function fail" in err


def test_a_thread_is_a_task_with_its_name_and_its_stack(tmp_path):
    source = """
        import threading, time
        def in_thread(): time.sleep(60)
        threading.Thread(target=in_thread, name="sleeper", daemon=True).start()
        def block(): time.sleep(60)
        block()
        """
    script = write(tmp_path, {"script.py": source})
    names = []

    def look():
        tasks = (yield ListTasks()).tasks
        names.extend((task.program, task.parent) for task in tasks)
        yield KillTask(1)

    def looking():
        yield when_blocked(1, "block", Sleep(0))
        yield when_blocked(3, "in_thread", Sleep(0))
        yield look()

    run_all(green_script(str(script)), looking())
    assert ("sleeper", 1) in names and ("script.py", 0) in names


def test_to_look_at_its_variables_leaves_them_as_they_are(tmp_path, capsys):
    source = """
        from kernel import Receive, call
        value = "kept"
        class Body:
            value = "in a class"
            call(Receive())
            print(value)
        def block():
            mine = "in a function"
            call(Receive())
            print(mine, value)
        block()
        """
    script = write(tmp_path, {"script.py": source})
    seen = set()

    def look():
        for _ in range(2):
            while not (stack := (yield GetStack(1, locals=True))).call.startswith("Receive"):
                yield Sleep(0.001)
            for frame in stack.frames:
                seen.update(words for name, words in frame.locals if name in ("value", "mine"))
            yield SendMessage(1, "go on")

    run_all(green_script(str(script)), look())
    assert capsys.readouterr().out == "in a class\nin a function kept\n"
    assert seen == {"'kept'", "'in a class'", "'in a function'"}


def test_nothing_stays_behind_of_a_program(tmp_path):
    made = []

    class Counted(green_program.GreenProgram):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(weakref.ref(self))

    script = write(tmp_path, SCRIPTS["threads, a queue, and sleep"])
    original, green_program.GreenProgram = green_program.GreenProgram, Counted
    try:
        for _ in range(5):
            run_all(green_script(str(script)))
    finally:
        green_program.GreenProgram = original
    gc.collect()
    assert len(made) == 5 and not any(each() for each in made)


OPEN = """
import socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
file = open("written", "w")
print(server.getsockname()[1], file=file)
def keep(): return server, file, keep
"""

ENDINGS = {
    "returns": "",
    "raises": "1 / 0",
    "exits": "raise SystemExit(1)",
    "is killed": "def block(): time.sleep(60)\nblock()",
    "is killed with a thread": "threading.Thread(target=server.accept).start()\n"
    "def block(): threading._shutdown()\nblock()",
}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_what_a_script_holds_is_closed_as_it_ends(tmp_path, monkeypatch, end):
    monkeypatch.chdir(tmp_path)
    script = write(tmp_path, {"script.py": OPEN + end})
    others = [when_blocked(1, "block", KillTask(1))] if "block" in end else []
    with no_collector():
        run_all(green_script(str(script)), *others)
        port = int((tmp_path / "written").read_text())
        socket.create_server(("127.0.0.1", port)).close()  # or the address is in use


def test_it_is_not_begun_by_being_made_and_a_killed_one_never_runs(tmp_path, capsys):
    script = write(tmp_path, {"script.py": "print('not acceptable')"})
    green_script(str(script)).close()
    sched = Scheduler()
    sched.new(green_script(str(script)))
    sched.kill(sched.tasks[1], error=TaskKilled())
    sched.mainloop()
    assert capsys.readouterr().out == ""


HOGS = """
import threading, time
counts = {}
def spin(name):
    counts[name] = 0
    while True: counts[name] += 1
for name in ("one", "other"):
    threading.Thread(target=spin, args=(name,), daemon=True).start()
while len(counts) < 2 or min(counts.values()) < 1000: time.sleep(0)
print("all had a turn")
"""


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="platform: nothing is put aside before Python 3.12"
)
def test_threads_that_never_wait_are_interrupted_although_they_run_in_threading(tmp_path, capsys):
    script = write(tmp_path, {"script.py": HOGS})
    with Machine() as machine:
        machine.call(Preempt(0.001))
        tid = machine.call(NewTask(green_script(str(script))))
        assert machine.call(WaitTask(tid), GUARD).ok
    assert capsys.readouterr().out == "all had a turn\n"
