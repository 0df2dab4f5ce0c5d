"""Laws of green programs that fork, and of processes that share their work."""

import os
import signal

import pytest

from kernel import Sleep, green_script

from .running import green, run_all, write

if not hasattr(os, "fork"):
    pytest.skip("platform: nothing forks there", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore:This process")

CHILD = """
import os, sys, time, threading
def child(function):
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(theirs, repr(function()).encode())
        os._exit(3)
    os.close(theirs)
    with open(ours) as file: told = file.read()
    print(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def beside(folder, source, *others):
    """Run a script beside other tasks; how did it end?"""
    script = write(folder, {"script.py": source})
    return run_all(green_script(str(script)), *others)[0]


def test_in_a_child_nobody_goes_on_but_who_has_forked(tmp_path, capfd):
    here, turns = os.getpid(), []

    def other():
        for _ in range(50):
            yield Sleep(0.002)
            if os.getpid() != here:
                os.write(1, b"in the child as well\n")
            turns.append(None)

    source = f"{CHILD}\nchild(lambda: time.sleep(0.03))"
    assert beside(tmp_path, source, other()).ok
    assert len(turns) == 50
    assert capfd.readouterr().out == "None 3\n"


def test_a_child_has_threads_locks_and_processes_of_its_own(tmp_path, capsys):
    source = f"""{CHILD}
import subprocess
lock, once = threading.RLock(), threading.Event()
def work():
    found = []
    threads = [threading.Thread(target=found.append, args=(each,)) for each in (1, 2)]
    with lock:
        for each in threads: each.start()
        for each in threads: each.join()
    command = [sys.executable, "-c", "print(7)"]
    return found, subprocess.run(command, capture_output=True).stdout, len(threading.enumerate())
with lock: child(work)
threading.Thread(target=once.wait).start()
child(work)
thread = threading.Thread(target=child, args=(work,))
thread.start(); thread.join(); once.set()
"""
    assert green(tmp_path, source).ok
    assert capsys.readouterr().out == "([1, 2], b'7\\n', 1) 3\n" * 3


@pytest.mark.parametrize(
    ("end", "code"),
    [("", 0), ("sys.exit(4)", 4), ("raise ValueError('no good')", 1), ("time.sleep(0); 1/0", 1)],
)
def test_a_child_that_comes_to_the_end_of_the_script_ends_there(tmp_path, capfd, end, code):
    source = f"""
import os, sys, time
pid = os.fork()
if not pid:
    print("child")
    {end or "pass"}
else:
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert green(tmp_path, source).ok
    told = capfd.readouterr()
    assert told.out == f"child\n{code}\n"
    assert ("Error" in told.err) == (code == 1)


def test_a_child_ends_by_the_signals_that_end_any_process(tmp_path, capsys):
    source = f"""
import os, signal, time
pid = os.fork()
if not pid:
    time.sleep(60)
os.kill(pid, {signal.SIGTERM.value})
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    former = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        assert green(tmp_path, source).ok
    finally:
        signal.signal(signal.SIGTERM, former)
    assert capsys.readouterr().out == f"{-signal.SIGTERM}\n"


def test_what_is_to_be_called_at_a_fork_is_that_of_the_program_alone(tmp_path, capsys):
    source = f"""{CHILD}
order = []
os.register_at_fork(before=lambda: order.append("b1"), after_in_child=lambda: order.append("c1"))
os.register_at_fork(before=lambda: order.append("b2"), after_in_parent=lambda: order.append("p2"))
child(lambda: order)
print(order)
"""
    assert green(tmp_path, source).ok
    assert capsys.readouterr().out == "['b2', 'b1', 'c1'] 3\n['b2', 'b1', 'p2']\n"
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    assert capsys.readouterr().out == ""


# -- multiprocessing

POOL = """
import multiprocessing, sys
def square(x): return x * x
def put(queue, lock):
    with lock: queue.put("from the child")
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(5)))
    queue, lock = multiprocessing.Queue(), multiprocessing.RLock()
    child = multiprocessing.Process(target=put, args=(queue, lock))
    child.start()
    print(queue.get())
    child.join()
    print(child.exitcode)
    from multiprocessing import forkserver, resource_tracker
    helpers = forkserver._forkserver._forkserver_pid, resource_tracker._resource_tracker._pid
    with open("helpers", "w") as file:
        print(*filter(None, helpers), file=file)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_share_the_work_while_others_run(tmp_path, monkeypatch, capsys, method):
    monkeypatch.chdir(tmp_path)
    script, turns = write(tmp_path, {"script.py": POOL}), []

    def other():
        while len(turns) < 10:
            yield Sleep(0.001)
            turns.append(None)

    status, _ = run_all(green_script(str(script), method), other())
    assert status.ok, status
    assert capsys.readouterr().out == "[0, 1, 4, 9, 16]\nfrom the child\n0\n"
    assert len(turns) == 10
    helpers = (tmp_path / "helpers").read_text().split()
    assert bool(helpers) == (method != "fork"), "who looks after semaphores is a process as well"
    for pid in map(int, helpers):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_process_pool_executor_works(tmp_path, capsys):
    source = """
from concurrent.futures import ProcessPoolExecutor
def square(x): return x * x
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool: print(list(pool.map(square, range(5))))
"""
    assert green(tmp_path, source).ok
    assert capsys.readouterr().out == "[0, 1, 4, 9, 16]\n"


def test_locks_between_processes_are_locks_between_threads_too(tmp_path, capsys):
    source = """
import multiprocessing, threading, time
order = []
def second(lock):
    print(lock.acquire(False), lock.acquire(True, 0.01))
    with lock: order.append("second")
for lock in multiprocessing.Lock(), multiprocessing.RLock():
    with lock:
        thread = threading.Thread(target=second, args=(lock,))
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join()
both = multiprocessing.Semaphore(2)
with both:
    thread = threading.Thread(target=lambda: print(both.acquire(False)))
    thread.start()
    thread.join()
again = multiprocessing.RLock()
with again, again: print(order)
"""
    assert green(tmp_path, source).ok
    assert capsys.readouterr().out == (
        "False False\nFalse False\nTrue\n['first', 'second', 'first', 'second']\n"
    )
