"""Laws of `pyos` without a terminal: what goes where, what it exits with, and that it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from pyos_shell.cli import run_batch
from pyos_shell.system import System

from .shell import GUARD, ROOT, SAMPLES, command, environment, pyos, running

posix = pytest.mark.skipif(os.name != "posix", reason="platform: no such shell or device")

COUNTDOWN = "spawn countdown 3; wait 1"
ENDED = "task 1: countdown 3\ntask 1 (countdown 3) ended\n"

#: How commands can come in.
WAYS = {
    "-c": lambda text, folder: pyos("-c", text),
    "FILE": lambda text, folder: pyos(written(folder, text)),
    "piped": lambda text, folder: pyos(stdin=text),
    "-i -c": lambda text, folder: pyos("-i", "-c", *text.split("\n", 1)[:1], stdin=rest(text)),
    "-i FILE": lambda text, folder: pyos(
        "-i", written(folder, text.split("\n", 1)[0]), stdin=rest(text)
    ),
}


def written(folder, text):
    file = folder / "commands"
    file.write_bytes(text.encode())
    return str(file)


def rest(text):
    return text.partition("\n")[2]


def outcome(done):
    return done.stdout, done.stderr, done.returncode


# -- what goes where


def test_what_tasks_print_is_all_of_stdout_and_what_is_said_of_them_goes_to_stderr():
    assert outcome(pyos("-c", COUNTDOWN)) == ("3\n2\n1\n", ENDED, 0)


@pytest.mark.parametrize("way", WAYS)
def test_commands_come_from_everywhere_separated_by_semicolons_and_newlines(way, tmp_path):
    text = "spawn countdown 2; wait 1\n\n# a comment\nspawn say two 'three four' ;;wait 2\nps"
    text = text.replace("say", "programs.py:say")
    done = WAYS[way](text, tmp_path)
    assert done.stdout.startswith("2\n1\ntwo three four\nno tasks; start one")
    assert done.returncode == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_command_that_fails_does_not_keep_the_rest_from_running(way, tmp_path):
    done = WAYS[way]("nonsense\nspawn countdown x; spawn countdown 1; wait 1", tmp_path)
    assert done.stdout == "1\n"
    assert "no command 'nonsense'" in done.stderr
    assert "N takes a whole number, not 'x'" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ("", 0),
        ("ps", 0),
        ("spawn crash; wait 1", 1),
        ("spawn programs.py:sleeper; kill 1; wait 1", 1),
        ("spawn programs.py:sleeper; kill 1", 0),
        ("spawn crash; spawn countdown 1; wait", 1),
        ("wait", 0),
        ("wait 9", 1),
        ("kill 9", 1),
        ("stack 9", 1),
        ("help nonsense", 1),
        ("spawn nonsense", 1),
        ("spawn 'x", 1),
        ("log", 0),
        ("nonsense; exit", 1),
        ("exit; nonsense", 0),
    ],
)
def test_the_exit_status_is_1_if_any_command_failed(commands, status):
    done = pyos("-c", commands)
    assert done.returncode == status
    assert bool(status) <= bool(done.stderr), "a failure without a word"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_exit_and_quit_leave_at_once(word):
    done = pyos("-c", f"{word}; spawn countdown 1; wait\nspawn countdown 1; wait")
    assert outcome(done) == ("", "", 0)


def test_living_tasks_are_ended_the_newest_first_and_may_say_so():
    spawns = "; ".join(f"spawn programs.py:tidy word{number}" for number in range(3))
    done = pyos("-c", f"{spawns}; spawn countdown 1; wait 4")  # by then all have begun
    assert done.stdout == "1\nword2\nword1\nword0\n"
    assert "task 3 (programs.py:tidy word2) killed" in done.stderr
    assert done.returncode == 0


def test_without_a_terminal_nothing_is_coloured_or_cut():
    name = "a-program-with-quite-a-long-name-that-no-terminal-of-sixty-columns-could-show"
    with running(env={"COLUMNS": "60", "TERM": "xterm-256color"}) as process:
        print(f"spawn --name {name} echo_server 0", file=process.stdin)
        row = ""
        while not re.search(r" accept 127\.0\.0\.1:\d+ ", row):
            print("tasks", file=process.stdin, flush=True)
            while not (row := process.stdout.readline()).startswith("  1 "):
                assert row, process.stderr.read()
        assert name in row
        print(f"stack 1; help; programs; spawn {name}", file=process.stdin)
        out, err = process.communicate()
    assert name in err
    assert "…" not in re.sub(r"\[?\w+…", "", row + out)
    assert "\x1b" not in row + out + err


def test_a_server_at_work_is_talked_to_and_ends_with_its_input():
    with running() as process:
        print("spawn server_script.py 0", file=process.stdin, flush=True)
        assert process.stdout.readline() == "made task 1\n"
        assert process.stdout.readline() == "Server start..\n"
        port = int(process.stdout.readline().split()[1])
        with socket.create_connection(("127.0.0.1", port), GUARD) as client:
            client.sendall(b"hello")
            assert client.recv(5, socket.MSG_WAITALL) == b"hello"
            assert process.stdout.readline().startswith("Connection from 127.0.0.1")
            peer = f" read 127.0.0.1:{port} ← 127.0.0.1:{client.getsockname()[1]} "
            rows = [""] * 3
            while peer not in rows[2]:  # the client may have its answer before the server reads on
                print("tasks", file=process.stdin, flush=True)
                rows = [process.stdout.readline() for _ in range(3)]
                assert rows[2], process.stderr.read()
            assert f" read 127.0.0.1:{port} " in rows[1]
        out, err = process.communicate()
    assert out in ("", "Client closed.\n")
    assert "Traceback" not in err
    assert process.returncode == 0


# -- the command line


def test_version_and_help_answer():
    assert re.fullmatch(r"PyOS \S.*\n", pyos("--version").stdout)
    assert "-c COMMANDS" in pyos("--help").stdout


@pytest.mark.parametrize("arguments", [["-c"], ["-c", "ps", "file"], ["--nonsense"], ["a", "b"]])
def test_a_wrong_command_line_is_refused_with_status_2_and_the_usage(arguments):
    done = pyos(*arguments)
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith("usage: pyos")


HEAVY = {"prompt_toolkit", "pygments", "wcwidth", "asyncio", "ssl", "email", "http", "unittest"}


def imported(arguments):
    """The modules that `pyos` imports."""
    program = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]\n"
        "before = set(sys.modules); from pyos_shell.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('imported:', *sorted(set(sys.modules) - before))"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=GUARD,
    )
    names = child.stdout.rpartition("imported: ")[2].split()
    assert "pyos_shell.cli" in names, child.stderr
    return names


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["-c", "spawn countdown 1; wait; spawn family; tasks; stack 2"]],
    ids=lambda arguments: arguments[0],
)
def test_without_a_prompt_nothing_is_imported_that_only_a_prompt_needs(arguments):
    heavy = HEAVY - ({"email"} if arguments == ["--version"] else set())
    assert not heavy & {name.partition(".")[0] for name in imported(arguments)}


def test_without_a_task_nothing_is_imported_that_only_tasks_need():
    needed = {"greenlet", "kernel.preemption.loops"}
    if sys.version_info >= (3, 12):  # where steps are not met by a trace function
        needed.add("ctypes")
    assert not needed & set(imported(["-c", "tasks"]))


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (None, "No such file or directory"),
        ("folder", "Is a directory"),
        (b"spawn countdown 1; wait\n\xff\n", "it is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(content, trouble, tmp_path):
    file = tmp_path / "commands"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    done = pyos(str(file))
    assert (done.stdout, done.returncode) == ("", 2)
    if os.name == "posix" or content not in (None, "folder"):
        assert done.stderr == f"pyos: cannot read {file}: {trouble}\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfspawn countdown 1\nwait",
        b"spawn countdown 1\r\nwait\r\n",
        b"spawn \\\n  countdown \\\r\n 1\nwait",
        b"spawn countdown 1 # \\\nwait\n\\\n",
    ],
    ids=["mark", "windows", "continued", "comment"],
)
def test_files_of_all_editors_are_read(content, tmp_path):
    file = tmp_path / "commands"
    file.write_bytes(content)
    for done in (pyos(str(file)), pyos(stdin=content)):
        assert outcome(done) == ("1\n", ENDED.replace("3", "1"), 0)


def test_a_program_in_place_of_commands_is_told_how_to_run():
    done = pyos("server_script.py")
    assert outcome(done) == (
        "",
        "pyos: server_script.py is a program: run it with pyos -c 'spawn server_script.py; wait'\n",
        2,
    )


def test_a_quote_that_is_not_closed_is_the_mistake_of_its_own_line():
    done = pyos("-c", "spawn countdown '3\nspawn countdown 2 # it's fine\nwait")
    assert done.stdout == "2\n1\n"
    assert "this quote is not closed" in done.stderr


# -- streams of all kinds


def test_a_reader_that_goes_away_ends_it_all_without_a_word():
    with running("-c", "spawn programs.py:flood; spawn programs.py:tidy; wait; ps") as process:
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait() == 1
    assert err == "task 1: programs.py:flood\ntask 2: programs.py:tidy\n" or err == (
        "task 1: programs.py:flood\n"
    )


def test_a_reader_of_stderr_that_goes_away_changes_nothing():
    with running("-c", "spawn countdown 2; nonsense; wait; spawn countdown 1; wait") as process:
        process.stderr.close()
        assert process.stdout.read() == "2\n1\n1\n"
        assert process.wait() == 1


def test_a_program_that_takes_stderr_away_changes_nothing(tmp_path):
    (tmp_path / "p.py").write_text("import sys\nsys.stderr = None\ndef p():\n    yield\n")
    done = pyos("-c", "spawn p.py:p; wait 1", cwd=tmp_path)
    assert outcome(done) == ("", "task 1: p.py:p\ntask 1 (p.py:p) ended\n", 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="platform: no /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full, running("-c", COUNTDOWN, stdout=full) as process:
        err = process.stderr.read()
        assert process.wait() == 1
    assert err.splitlines()[-1] == "pyos: cannot write the output: No space left on device"
    assert "Traceback" not in err
    assert "Exception ignored" not in err


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_is_told_about_pyos_may_have_no_reader_or_no_room(option):
    with nobody_reads() as pipe, running(option, stdout=pipe) as process:
        assert process.stderr.read() == ""
        assert process.wait() == 1
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full, running(option, stdout=full) as process:
            err = process.stderr.read()
            assert err == "pyos: cannot write the output: No space left on device\n"
            assert process.wait() == 1


def nobody_reads():
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "ascii:strict"])
def test_what_the_encoding_does_not_know_is_replaced(encoding):
    done = pyos(
        "-c",
        "spawn --name 程序 programs.py:say 中文 é; wait; spawn server_script.py 0; tasks; 程序",
        PYTHONUTF8="0",
        PYTHONIOENCODING=encoding,
    )
    e = "\udce9" if encoding == "cp1252" else "?"
    assert done.stdout.startswith(f"?? {e}\n")
    assert "task 1: ??\n" in done.stderr
    assert "no command '??'" in done.stderr
    assert "Error" not in done.stderr


def test_commands_that_are_not_utf_8_are_a_mistake_of_their_own():
    done = pyos(stdin=b"ta\xffsks\nspawn countdown 1; wait\n")
    assert done.stdout == "1\n"
    assert "no command 'ta\N{REPLACEMENT CHARACTER}sks'; did you mean tasks?" in done.stderr


@posix
@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_as_good_as_an_empty_one(stream):
    """And no file of ours gets its number: the server's socket is not written to."""
    start = ["sh", "-c", f'exec "$@" {stream}', "sh"]
    commands = "spawn echo_server 0; spawn countdown 1; wait 2; nonsense"
    with running("-c", commands, start=start) as process:
        out, err = process.communicate()
    assert process.returncode == 1
    assert ("\n1\n" in out) == (">&-" not in stream.replace("2>&-", ""))
    assert ("nonsense" in err) == ("2>&-" not in stream)


@posix
def test_with_its_input_closed_it_has_nothing_to_do():
    with running(start=["sh", "-c", 'exec "$@" <&-', "sh"]) as process:
        assert process.communicate() == ("", "")
        assert process.returncode == 0


def test_a_program_may_read_stdin_where_no_commands_come_from_there():
    assert pyos("-c", "spawn programs.py:asks; wait", stdin="world\n").stdout == "hello world\n"
    done = pyos(stdin="spawn programs.py:asks; wait 1\nspawn countdown 1; wait\n")
    assert done.stdout == "1\n"
    assert "task 1 (programs.py:asks) crashed: EOFError" in done.stderr


GUESSED = (
    "a number from 1 to 9? too small\na number from 1 to 9? too large\n"
    "a number from 1 to 9? yes, after 3 tries\n"
)


@pytest.mark.parametrize("way", ["-c", "FILE"])
def test_a_task_reads_the_lines_of_stdin_where_no_commands_come_from_there(way, tmp_path):
    commands = "spawn guess 9 --number 7; wait"
    arguments = ["-c", commands] if way == "-c" else [written(tmp_path, commands)]
    done = pyos(*arguments, stdin="5\n8\n7\nleft alone\n")
    assert (done.stdout, done.returncode) == (GUESSED, 0)


def test_a_task_reads_a_line_as_soon_as_it_is_there():
    with running("-c", "spawn guess 9 --number 7; wait") as process:
        question = "a number from 1 to 9? "
        for answer, said in (("5", "too small\n"), ("7", "yes, after 2 tries\n")):
            assert process.stdout.read(len(question)) == question
            print(answer, file=process.stdin, flush=True)
            assert process.stdout.read(len(said)) == said
        process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize("way", ["piped", "-i -c", "-i FILE"])
def test_where_commands_come_from_stdin_a_task_finds_it_at_its_end(way, tmp_path):
    done = WAYS[way]("spawn guess 9 --number 7\nwait\nspawn countdown 1; wait", tmp_path)
    assert done.stdout == "a number from 1 to 9? it was 7\n1\n"
    assert done.returncode == 0


@pytest.mark.parametrize("way", WAYS)
def test_without_a_prompt_no_line_is_given_to_a_task(way, tmp_path):
    done = WAYS[way]("tasks\n> 5\neof", tmp_path)
    assert done.stderr.splitlines() == [
        "here tasks read stdin; lines are given to them at the prompt only",
        "here tasks read stdin, which has an end of its own",
    ]
    assert done.returncode == 1


def test_a_task_that_reads_when_all_ends_holds_nobody_up():
    with running("-c", "spawn guess 9 --number 7; spawn countdown 1; wait 2") as process:
        assert process.wait(GUARD) == 0  # and nobody has closed its stdin
        assert "task 1 (guess 9 --number 7) killed" in process.stderr.read()


def test_a_program_that_closes_stdout_is_the_end_of_it_in_one_line():
    done = pyos("-c", "spawn countdown 1; wait; spawn programs.py:closes_stdout; wait; tasks")
    assert (done.stdout, done.returncode) == ("1\n", 1)
    assert done.stderr.splitlines()[-1] == (
        "pyos: cannot write the output: I/O operation on closed file."
    )


def test_a_slow_reader_gets_every_line():
    with running("-c", "spawn programs.py:flood 15000; wait") as process:
        lines = [process.stdout.readline()]
        assert process.stdin.writable()  # it lives, and waits for us
        lines += process.stdout.readlines()
        assert process.wait() == 0
    assert lines == [f"line {number}\n" for number in range(15_000)]


# -- Ctrl-C


@posix
def test_ctrl_c_ends_what_waits_with_130_and_the_tasks_finally_blocks_run():
    with running("-c", "spawn programs.py:tidy; spawn family; wait; ps") as process:
        assert process.stdout.readline() == "my children are 3 4 5\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "tidied up\n" in out, err
    assert "task 2 (family) killed" in err
    assert "Traceback" not in err
    assert "no tasks" not in out


@posix
def test_ctrl_c_while_it_waits_for_commands_ends_it():
    with running() as process:
        print("spawn programs.py:tidy; spawn countdown 1", file=process.stdin, flush=True)
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (out, process.returncode) == ("tidied up\n", 130)
    assert "Traceback" not in err


def test_ctrl_c_that_comes_too_late_for_its_command_still_ends_it(monkeypatch):
    """The answer is here already when it is pressed, and there is no other command."""
    asked = System.ask

    def ask(self, call):
        answer = asked(self, call)
        self.give_up()
        return answer

    monkeypatch.setattr(System, "ask", ask)
    assert run_batch(["tasks"]) == 130


@posix
def test_ctrl_c_ends_it_although_a_task_holds_the_kernel():
    with running("-c", "spawn programs.py:hog; tasks", hasty=True) as process:
        held(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Fatal" not in err


@posix
def test_ctrl_c_ends_it_although_nobody_reads_what_it_prints():
    with running("-c", "spawn programs.py:long_line; wait", hasty=True) as process:
        assert process.stdout.read(1) == "x"  # the rest does not fit into any pipe
        process.send_signal(signal.SIGINT)
        assert process.wait(GUARD) == 130
        assert "Fatal" not in process.stderr.read()


# -- the end


LEAVING = {"": 0, "; exit": 0, "; nonsense; exit": 1, "\nnonsense": 1}


def at_once(commands):
    """Run `pyos` with all these commands at the same time; how each came out, and its status."""
    with ExitStack() as stack:
        started = [stack.enter_context(running("-c", each, hasty=True)) for each in commands]
        return [(*process.communicate(), process.returncode) for process in started]


def test_a_task_that_refuses_to_die_is_ended_by_force():
    begun = "spawn programs.py:stubborn; spawn countdown 1; wait 2"
    ends = at_once(f"{begun}{leaving}" for leaving in LEAVING)
    assert [status for _, _, status in ends] == list(LEAVING.values())
    for _, err, _ in ends:
        assert "(programs.py:stubborn) killed by force" in err
        assert "Exception ignored" not in err


def held(process):
    """Wait until a task holds the kernel; what has been said until then."""
    said = ""
    while "holds the kernel" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


@pytest.mark.parametrize(("leaving", "status"), LEAVING.items())
def test_a_task_that_holds_the_kernel_ends_with_the_process(leaving, status):
    with running(hasty=True) as process:
        print("spawn countdown 1; wait; spawn programs.py:hog", file=process.stdin, flush=True)
        said = held(process)
        print(leaving.lstrip("; \n"), file=process.stdin)
        out, err = process.communicate()
    assert (out, process.returncode) == ("1\n", status)
    assert "the kernel is held by a task; it ends with this process" in said + err


def test_a_kernel_that_panics_is_loud_and_later_commands_fail_at_once():
    done = pyos("-c", "spawn programs.py:sleeper; spawn programs.py:panic; wait; spawn countdown 1")
    assert "kernel panic" in done.stderr
    assert "the kernel has stopped" in done.stderr
    assert re.search(r"sleeper .*programs\.py:\d+", done.stderr)
    assert (done.stdout, done.returncode) == ("", 1)


def test_after_a_panic_restart_gives_a_new_kernel():
    done = pyos("-c", "spawn programs.py:panic; wait; restart; spawn countdown 2; wait 1; tasks")
    assert done.stdout.startswith("2\n1\nno tasks")
    assert "a new kernel, without any task" in done.stderr.splitlines()
    assert done.returncode == 1


def test_restart_leaves_a_kernel_that_is_held_by_a_task_behind():
    with running(hasty=True) as process:
        print("spawn programs.py:hog", file=process.stdin, flush=True)
        held(process)
        print("restart; spawn countdown 2; wait 1", file=process.stdin)
        out, err = process.communicate()
    assert (out, process.returncode) == ("2\n1\n", 0)
    assert "a new kernel; a task still holds the former one, beside it" in err.splitlines()


def test_it_runs_as_a_module_and_as_a_folder():
    for start in (["-m", "pyos_shell"], [str(ROOT / "pyos_shell")]):
        child = subprocess.run(
            [sys.executable, *start, "-c", COUNTDOWN],
            capture_output=True,
            text=True,
            cwd=SAMPLES,
            env=environment({}),
            timeout=GUARD,
        )
        assert (child.stdout, child.stderr, child.returncode) == ("3\n2\n1\n", ENDED, 0)


def test_the_launcher_of_these_tests_is_pyos():
    assert command()[-1].endswith("sys.exit(main())")
