"""Laws of scripts: what makes a scheduler of its own runs here, and notices no difference."""

import re
import socket
import sys
import threading
from pathlib import Path

import pytest

from kernel import Scheduler
from pyos_shell import loader

from .shell import GUARD, SAMPLES, until

SERVER = SAMPLES / "server_script.py"
HEAD = "import sys\nfrom kernel import *\n\ndef say(*words):\n    yield\n    print(*words)\n\n"


def script(text, name="script.py"):
    Path(name).write_text(HEAD + text, "utf-8")


@pytest.mark.filterwarnings("ignore:.*unclosed <socket")  # as it is in the article
def test_a_server_script_serves_real_clients_until_it_is_killed(shell):
    assert shell.succeeds(f"spawn {SERVER} 0") == ["task 1: server_script.py"]
    line = until(lambda: re.search(r"^port (\d+) \S+ (\d+)\n", shell.printed, re.MULTILINE))
    port, tid = line.groups()
    assert tid == "1"
    assert "made task 1" in shell.printed
    with socket.create_connection(("127.0.0.1", int(port)), GUARD) as client:
        client.sendall(b"hello")
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        assert any(" server 0" in row for row in shell.run("tasks"))
        shell.run("kill 1")
        shell.wait(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)), GUARD)
        client.sendall(b"still there")  # the connection's task lives on
        assert client.recv(11, socket.MSG_WAITALL) == b"still there"
    shell.wait(2)
    assert shell.printed.endswith("Client closed.\n")


def test_a_script_runs_alone_just_as_well(shell):
    script("s = Scheduler()\nprint(s.new(say('hello')))\ns.mainloop()\nprint('end')\n")
    before = sys.modules["__main__"]
    code = compile(Path("script.py").read_text(), "script.py", "exec")
    exec(code, {"__name__": "__main__"})
    assert sys.modules["__main__"] is before
    shell.succeeds("spawn script.py; wait")
    until(lambda: shell.printed.count("end") == 1)
    assert shell.printed == "1\nhello\nend\n"


def test_the_tids_that_a_script_sees_are_those_of_the_system(shell):
    shell.run("spawn countdown 1; wait")
    script("s = Scheduler()\nprint(s.new(say('a')), s.new(say('b')))\ns.mainloop()\n")
    assert shell.succeeds("spawn script.py; wait") == ["tasks 2, 3: script.py"]
    assert shell.printed == "1\n2 3\na\nb\n"


def test_a_script_has_its_arguments_and_is_main(shell):
    script(
        "def program():\n    yield\n    print(sys.argv[1:], sys.modules['__main__'].mark)\n"
        "mark = 'its own'\n"
        "print(sys.argv == [__file__, 'a', 'b c'], __name__)\n"
        "if __name__ == '__main__':\n"
        "    s = Scheduler()\n    s.new(program())\n    s.mainloop()\n"
    )
    shell.succeeds("spawn script.py a 'b c'; wait")
    assert shell.printed == "True __main__\n['a', 'b c'] its own\n"


def test_mainloop_comes_back_when_the_tasks_and_their_children_have_ended(shell):
    script(
        "def child():\n    yield Sleep(0.01)\n    print('child')\n"
        "def parent():\n    yield NewTask(child())\n    print('parent')\n"
        "class Block:\n"
        "    def __enter__(self): print('in')\n"
        "    def __exit__(self, *error): print('out')\n"
        "with Block():\n"
        "    s = Scheduler()\n    s.new(parent())\n    s.mainloop()\n"
        "print('end')\n"
    )
    shell.succeeds("spawn script.py; wait")
    until(lambda: "end" in shell.printed)
    assert shell.printed == "in\nparent\nchild\nout\nend\n"


def test_a_socket_in_a_with_block_stays_open_while_the_tasks_run(shell):
    script(
        "import socket\n"
        "def server(sock):\n    client, _ = yield Accept(sock)\n"
        "    with client:\n        yield Send(client, b'hello')\n"
        "with socket.create_server(('127.0.0.1', 0)) as sock:\n"
        "    s = Scheduler()\n    s.new(server(sock))\n"
        "    print(sock.getsockname()[1])\n    s.mainloop()\n"
        "print('closed', sock.fileno())\n"
    )
    shell.succeeds("spawn script.py")
    with socket.create_connection(("127.0.0.1", int(shell.printed)), GUARD) as client:
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
    until(lambda: "closed -1" in shell.printed)


def test_two_schedulers_run_one_after_the_other(shell):
    script(
        "for number in (1, 2):\n"
        "    s = Scheduler()\n    print('made', s.new(say('in', number)))\n    s.mainloop()\n"
    )
    assert shell.succeeds("spawn script.py; wait 1") == ["task 1: script.py"]
    until(lambda: "in 2\n" in shell.printed)
    assert shell.printed == "made 1\nin 1\nmade 2\nin 2\n"
    assert "task 2: script.py" in shell.reported


def test_of_two_schedulers_only_the_one_whose_mainloop_is_called_runs(shell):
    script(
        "s, t = Scheduler(), Scheduler()\ns.new(say('s'))\nt.new(say('t'))\n"
        "s.mainloop()\nprint('end')\n"
    )
    assert shell.succeeds("spawn script.py; wait") == ["task 1: script.py"]
    until(lambda: "end" in shell.printed)
    assert shell.printed == "s\nend\n"


def test_a_scheduler_made_in_a_helper_is_hosted_as_well(shell):
    Path("helper.py").write_text(
        "from kernel import *\ndef run(*targets):\n"
        "    s = Scheduler()\n    for t in targets: s.schedule(Task(t))\n    s.mainloop()\n"
    )
    script("import helper\nhelper.run(say('a'), say('b'))\n")
    assert shell.succeeds("spawn script.py; wait") == ["tasks 1, 2: script.py"]
    assert shell.printed == "a\nb\n"


def test_a_task_may_make_others_with_the_scripts_scheduler(shell):
    """As in the article's first versions: `sched.new(handle_client(…))` in a task."""
    script(
        "def parent():\n    print('child', s.new(say('hello')))\n    yield\n"
        "s = Scheduler()\ns.new(parent())\ns.mainloop()\n"
    )
    shell.succeeds("spawn script.py; wait; wait 2")
    assert shell.printed == "child 2\nhello\n"


def test_tasks_made_without_a_mainloop_run_when_the_script_has_ended(shell):
    script("s = Scheduler()\ns.new(say('hello'))\nprint('end')\n")
    shell.succeeds("spawn script.py; wait")
    assert shell.printed == "end\nhello\n"


@pytest.mark.parametrize("text", ["print('no task')\n", "Scheduler().mainloop()\n", "sys.exit()\n"])
def test_a_script_that_makes_no_task_says_so_and_fails(shell, text):
    script(text)
    assert shell.fails("spawn script.py") == ["script.py ran to its end and made no task"]


@pytest.mark.parametrize(
    ("failure", "last"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("sys.exit('usage: server PORT')", "usage: server PORT"),
        ("s.new(say)", "TypeError: a task is made of a generator or coroutine: call say(…), "),
        ("s.schedule(task)", "ValueError: task 1 has been scheduled before"),
        ("int(sys.argv[1])", "IndexError: list index out of range"),
    ],
)
def test_a_script_that_fails_leaves_no_task_behind(shell, failure, last):
    script(
        f"s = Scheduler()\ntask = Task(say('never'))\ns.schedule(task)\n{failure}\ns.mainloop()\n"
    )
    main, arguments = sys.modules["__main__"], sys.argv
    shown = shell.fails("spawn script.py")
    assert shown[-1].startswith(last)
    place = f'  File "{Path("script.py").resolve()}", line 11, in <module>'
    traceback = [place] if "Error" in last else []
    assert [line for line in shown if line.startswith("  File ")] == traceback
    assert shell.run("tasks")[0].startswith("no tasks")
    assert (sys.modules["__main__"], sys.argv) == (main, arguments)
    assert "never" not in shell.printed


def test_a_script_that_never_calls_mainloop_is_given_up_with_its_tasks(shell, monkeypatch):
    monkeypatch.setattr(loader, "DEADLINE", 0.1)
    script("s = Scheduler()\ns.new(say('never'))\nwhile True: pass\n")
    assert "script.py is still loading after 0.1 s: given up" in shell.fails("spawn script.py")
    assert shell.run("tasks")[0].startswith("no tasks")


def test_what_fails_behind_the_mainloop_is_told_with_the_scripts_own_frames(shell, capfd):
    script("s = Scheduler()\ns.new(say('hello'))\ns.mainloop()\nprint('end')\n1 / 0\n")
    shell.succeeds("spawn script.py")
    shell.fails("wait")
    until(lambda: "program script.py" not in [each.name for each in threading.enumerate()])
    assert "end" in shell.printed
    err = capfd.readouterr().err
    assert "ZeroDivisionError" in err
    assert err.count("  File ") == 1


def test_a_script_that_still_runs_ends_with_the_system(shell):
    script(
        "def sleeper():\n    yield Sleep(1000)\n"
        "try:\n"
        "    while True:\n"
        "        s = Scheduler()\n        s.new(sleeper())\n        s.mainloop()\n"
        "finally:\n    sys.the_script_has_ended = True\n"
    )
    shell.succeeds("spawn script.py")
    assert not hasattr(sys, "the_script_has_ended")
    shell.machine.shutdown()
    until(lambda: hasattr(sys, "the_script_has_ended"))
    del sys.the_script_has_ended


def test_outside_of_a_script_a_scheduler_is_itself(shell):
    script("s = Scheduler()\ns.new(say('hello'))\ns.mainloop()\n")
    shell.run("spawn script.py; wait")
    assert type(Scheduler()) is Scheduler


def test_a_task_that_makes_a_scheduler_gets_a_real_one(shell):
    script(
        "def outer():\n    yield\n    t = Scheduler()\n    t.new(say('inner'))\n"
        "    print(type(t).__name__)\n    t.mainloop()\n"
        "s = Scheduler()\ns.new(outer())\ns.mainloop()\n"
    )
    shell.succeeds("spawn script.py; wait")
    assert shell.printed == "Scheduler\ninner\n"


def test_the_options_of_a_scheduler_are_taken_and_change_nothing(shell):
    script("s = Scheduler(policy=Policy(), grace=1.0)\ns.new(say('hello'), 'name')\ns.mainloop()\n")
    shell.succeeds("spawn script.py; wait")
    assert "task 1 (name) ended" in shell.reported


def test_to_wait_for_all_is_to_wait_for_scripts_and_for_all_that_they_start(shell):
    script(
        "import time\nfor number in range(3):\n"
        "    s = Scheduler()\n    s.new(say(number))\n    s.mainloop()\n    time.sleep(0.01)\n"
        "print('end')\n"
    )
    shell.succeeds("spawn script.py; wait")
    assert shell.printed == "0\n1\n2\nend\n"
    assert shell.succeeds("wait") == ["there is no task to wait for"]


@pytest.mark.parametrize(
    ("code", "said"),
    [("3", "the script has left with exit status 3\n"), ("'no port'", "no port\n")],
)
def test_a_script_that_leaves_says_so_in_one_line(shell, capfd, code, said):
    script(f"sys.exit({code})")
    assert shell.fails("spawn script.py") == [said.rstrip()]
    script(f"s = Scheduler()\ns.new(say('hello'))\ns.mainloop()\nsys.exit({code})")
    shell.succeeds("spawn script.py")
    shell.fails("wait")
    assert capfd.readouterr().err == said


def test_a_script_that_leaves_with_success_is_no_failure(shell):
    script("s = Scheduler()\ns.new(say('hello'))\ns.mainloop()\nsys.exit()")
    shell.succeeds("spawn script.py; wait")
