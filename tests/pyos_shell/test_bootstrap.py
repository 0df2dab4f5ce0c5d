"""Laws of the set-up: one command does it all, on any machine, in any state.

The set-ups here are real processes in a copy of the checkout, under a path with
a space in it. All but two have a step of their own in the place of pip.
"""

import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyos_shell import bootstrap

ROOT = Path(bootstrap.ROOT)
GUARD = 240  # seconds until what hangs is ended
ENTRANCES = ["pyos_shell", "tests"]
BARE_PYTHON = [sys.executable, "-S"]  # sees no packages, so PyOS needs an environment

#: Of what a set-up finds on the disk, one Python tells enough; the others make theirs all the same.
once = pytest.mark.once
posix = pytest.mark.skipif(os.name == "nt", reason="platform: signals and scripts are POSIX's")

# Sets up like `python_for`, but puts empty modules where pip would put packages, and lets a test
# insert a step. An installation leaves a line in `installations`.
SET_UP = """
import os, signal, sys
from pyos_shell import bootstrap

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it

INSTALL = '''
import pathlib, site, sys
for module in sys.argv[1:]:
    pathlib.Path(site.getsitepackages()[-1], module + ".py").touch()
with open("installations", "a") as log:
    print(*sys.argv[1:], file=log)
'''

class Environment(bootstrap.Environment):
    def recipe(self):
        steps = [
            [self.base, "-m", "venv", "--without-pip", self.path],
            [self.python, "-c", INSTALL] + bootstrap.MODULES[self.wanted["extra"]],
        ]
        if "STEP" in os.environ:
            steps.insert(int(os.environ["STEP_AT"]), [sys.executable, "-c", os.environ["STEP"]])
        return steps

bootstrap.Environment = Environment
print(bootstrap.python_for(sys.argv[1]))
"""

PAUSE = "import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"


class Checkout:
    """A copy of what a set-up needs, and ways to run it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = path / ".venv"
        self.keepsake = self.env / "keepsake"  # is lost when the environment is made anew
        for name in ["pyproject.toml", "pyos_shell/__init__.py", "pyos_shell/bootstrap.py"]:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)

    def start(self, extra: str = "", **variables: str) -> "subprocess.Popen[str]":
        """Start a set-up in a process group of its own."""
        return subprocess.Popen(
            [*BARE_PYTHON, "-c", SET_UP, extra],
            cwd=self.path,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def set_up(self, extra: str = "", **variables: str) -> str:
        """Set up, which must succeed, and return what the user reads meanwhile."""
        process = self.start(extra, **variables)
        python, said = process.communicate(timeout=GUARD)
        assert process.returncode == 0, said
        assert Path(python.strip()).parent.parent == self.env
        return said

    def installations(self) -> int:
        return len((self.path / "installations").read_text().splitlines())


class Pause:
    """A step of a set-up; `with` waits until a set-up is there, and holds it until the end."""

    def __init__(self, at: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(GUARD)
        port = self.listener.getsockname()[1]
        self.variables = {"STEP": PAUSE.format(port=port), "STEP_AT": str(at)}

    def __enter__(self) -> None:
        with self.listener:
            self.connection, _ = self.listener.accept()

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def environment(**changes: str) -> dict[str, str]:
    """The variables of this process, less those that say where things are."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYOS_")}
    return {**ours, **changes}


def run(*command: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command from a directory that is not the checkout."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=Path(sys.prefix),
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GUARD,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "my checkout")


# Pythons that will not do.


def old_pythons() -> list[list[str]]:
    """The old Pythons that pyenv has here; else this one, which only says that it is old."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    real = [
        [str(python)]
        for python in sorted(versions.glob("*/bin/python"))
        if re.match(r"2\.|3\.\d\.|3\.10", python.parent.parent.name)
    ]
    pretence = (
        "import runpy, sys; sys.version_info = (3, 9, 1); "
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    return real or [[sys.executable, "-c", pretence]]


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("python", old_pythons(), ids=" ".join)
def test_a_python_too_old_gets_one_line(python: list[str], entrance: str) -> None:
    done = run(*python, ROOT / entrance)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"PyOS needs Python 3\.11 or newer .* install .*\n", done.stderr)


def test_a_python_without_ensurepip_gets_one_line(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    process = checkout.start(PYTHONPATH=str(tmp_path))
    _, said = process.communicate(timeout=GUARD)
    assert process.returncode == 1
    assert re.fullmatch(r"PyOS: .* install .* python3\.\d+-venv.*\n", said)
    assert not checkout.env.exists()


# When a set-up is due, and what it leaves alone.


def test_a_set_up_is_done_once(checkout: Checkout) -> None:
    assert re.fullmatch(r"PyOS: setting up .*\n", checkout.set_up())
    assert checkout.set_up() == ""
    assert checkout.installations() == 1


def test_a_python_that_has_everything_needs_no_environment(checkout: Checkout) -> None:
    for module in bootstrap.MODULES["dev"]:
        (checkout.path / f"{module}.py").touch()
    process = checkout.start("dev", PYTHONPATH=str(checkout.path))
    python, said = process.communicate(timeout=GUARD)
    assert (python.strip(), said) == (sys.executable, "")


@once
def test_an_environment_for_the_tests_serves_the_console_too(checkout: Checkout) -> None:
    checkout.set_up("test")
    assert checkout.set_up() == ""


@once
def test_more_packages_are_added_to_a_working_environment(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.keepsake.touch()
    assert "setting up" in checkout.set_up("test")
    assert checkout.keepsake.exists()


@once
def test_a_changed_project_keeps_the_packages_that_were_added(checkout: Checkout) -> None:
    checkout.set_up("test")
    checkout.keepsake.touch()
    with (checkout.path / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    assert "setting up" in checkout.set_up()
    assert checkout.keepsake.exists()
    assert checkout.set_up("test") == ""


@once
def test_a_users_own_environment_is_kept(checkout: Checkout) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", checkout.env).check_returncode()
    checkout.keepsake.touch()
    assert "setting up" in checkout.set_up()
    assert checkout.keepsake.exists()


def test_a_directory_that_is_no_environment_is_left_alone(checkout: Checkout) -> None:
    checkout.env.mkdir()
    checkout.keepsake.touch()
    process = checkout.start()
    _, said = process.communicate(timeout=GUARD)
    assert process.returncode == 1
    assert re.fullmatch(r"PyOS: .* is no environment: .*\n", said)
    assert list(checkout.env.iterdir()) == [checkout.keepsake]


# Environments that are broken.


def lose_a_package(checkout: Checkout) -> None:
    next(checkout.env.rglob("prompt_toolkit.py")).unlink()


def lose_its_python(checkout: Checkout) -> None:
    for python in (checkout.env / "bin").glob("python*"):
        python.unlink()


def get_another_python(checkout: Checkout) -> None:
    python = checkout.env / "bin/python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 3.10\n")
    python.chmod(0o755)


def get_a_stamp_of_nonsense(checkout: Checkout) -> None:
    (checkout.env / "pyos-setup.json").write_text("{")


def become_empty(checkout: Checkout) -> None:
    shutil.rmtree(checkout.env)
    checkout.env.mkdir()


def be_half_deleted(checkout: Checkout) -> None:
    shutil.rmtree(checkout.env / "lib")


@once
@posix
@pytest.mark.parametrize(
    "damage",
    [
        lose_a_package,
        lose_its_python,
        get_another_python,
        get_a_stamp_of_nonsense,
        become_empty,
        be_half_deleted,
    ],
)
def test_a_broken_environment_is_made_anew(
    checkout: Checkout, damage: Callable[[Checkout], None]
) -> None:
    checkout.set_up()
    checkout.keepsake.touch()
    damage(checkout)
    assert "setting up" in checkout.set_up()
    assert not checkout.keepsake.exists()
    assert checkout.set_up() == ""


# Set-ups that are cut short, and two at once.


@once
@posix
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_killed_set_up_is_repaired_by_the_next(checkout: Checkout, at: int) -> None:
    pause = Pause(at)
    process = checkout.start(**pause.variables)
    with pause:
        checkout.keepsake.touch()
        process.kill()
        process.communicate(timeout=GUARD)
    assert "setting up" in checkout.set_up()
    assert not checkout.keepsake.exists()
    assert checkout.set_up() == ""


@once
@posix
def test_a_step_that_outlives_its_set_up_keeps_the_next_one_out(checkout: Checkout) -> None:
    pause = Pause(at=2)
    killed = checkout.start(**pause.variables)
    with pause:
        killed.kill()
        killed.communicate(timeout=GUARD)
        following = checkout.start()
        assert following.stderr
        assert "waiting for another set-up" in following.stderr.readline()
    following.communicate(timeout=GUARD)
    assert following.returncode == 0


@once
@posix
def test_two_set_ups_at_once_install_once(checkout: Checkout) -> None:
    pause = Pause(at=1)
    first = checkout.start(**pause.variables)
    with pause:
        second = checkout.start()
        assert second.stderr
        assert "waiting for another set-up" in second.stderr.readline()
    assert first.communicate(timeout=GUARD)[0] == second.communicate(timeout=GUARD)[0]
    assert first.returncode == second.returncode == 0
    assert checkout.installations() == 1


@once
@posix
def test_ctrl_c_gets_one_line_and_the_next_run_goes_on(checkout: Checkout) -> None:
    pause = Pause(at=1)
    process = checkout.start(**pause.variables)
    with pause:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=GUARD)
    assert process.returncode == 130
    assert re.fullmatch(r"PyOS: setting up .*\nPyOS: set-up interrupted.*\n", said)
    assert "setting up" in checkout.set_up()


# Set-ups that fail.


@once
def test_a_failing_step_shows_its_last_lines_and_what_to_do(checkout: Checkout) -> None:
    failing = "import sys; print(*range(100, 150), sep='\\n'); sys.exit(3)"
    process = checkout.start(STEP=failing, STEP_AT="1")
    _, said = process.communicate(timeout=GUARD)
    assert process.returncode == 1
    shown = [str(number) for number in range(135, 150)]
    assert said.splitlines()[1:-1] == shown
    assert re.fullmatch("PyOS: the set-up failed.* try again", said.splitlines()[-1])
    assert "setting up" in checkout.set_up()


@once
def test_a_set_up_without_a_network_gets_one_line(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
    pip = {"PIP_INDEX_URL": nobody, "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    pip |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    done = real_set_up(checkout, **pip)
    assert done.returncode == 1
    assert re.fullmatch(r"PyOS: setting up .*\nPyOS: no network.*\n", done.stderr)


# The real thing.


@once  # the gate itself makes an environment for each Python
def test_the_tests_run_in_a_checkout_that_nobody_prepared(checkout: Checkout) -> None:
    done = real_set_up(checkout, HOME=os.devnull)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    pyos = [checkout.env / "bin/python", "-c", "import kernel, prompt_toolkit, pyos_shell"]
    assert run(*pyos).returncode == 0
    assert real_set_up(checkout).stderr == ""


#: What the copy's tests need is less than ours do: pip takes its time for each package.
ONLY_PYTEST = {
    "pyproject.toml": (r"(?s)^test = \[.*?^\]", 'test = ["pytest>=9.0"]'),
    "pyos_shell/bootstrap.py": (
        r'^MODULES\["test"\] = .*',
        'MODULES["test"] = MODULES[""] + ["pytest"]',
    ),
}


def real_set_up(checkout: Checkout, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the tests of a checkout with one test, from elsewhere, as a user does."""
    for name in ["kernel", "pyos_shell"]:
        shutil.copytree(ROOT / name, checkout.path / name, dirs_exist_ok=True)
    (checkout.path / "tests").mkdir(exist_ok=True)
    for name, (packages, fewer) in ONLY_PYTEST.items():
        text, count = re.subn(packages, fewer, (ROOT / name).read_text(), flags=re.MULTILINE)
        assert count == 1
        (checkout.path / name).write_text(text)
    for name in ["README.md", "LICENSE", "tests/__main__.py"]:
        shutil.copy(ROOT / name, checkout.path / name)
    (checkout.path / "tests/test_one.py").write_text("def test_one(): import kernel, pyos_shell")
    variables["PIP_NO_COMPILE"] = "no"  # so pip spells it; nobody imports most of what it compiles
    return run(*BARE_PYTHON, checkout.path / "tests", "-q", **variables)


def test_every_dependency_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {"": project["dependencies"], **project["optional-dependencies"]}
    no_modules = {"types_greenlet", "types_pygments"}
    required = set()

    def lines(extra: str) -> Iterator[str]:
        for line in named[extra]:
            own = re.fullmatch(r"pyos-shell\[(\w+)\]", line)
            yield from lines(own[1]) if own else [line]

    for extra in bootstrap.EXTRAS:
        names = {re.split(r"[^\w-]", line)[0] for line in lines(extra)}
        required |= {name.replace("-", "_").lower() for name in names}
        assert set(bootstrap.MODULES[extra]) == required - no_modules


# Every Python of a machine.


@posix
def test_every_python_means_each_that_starts_and_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = {
        "python3.9": "echo cpython 3.9.1 here",
        "python3.97": "echo pypy 3.97.0 here",
        "python3.98": "exit 1",
        "python3.99": "echo cpython 3.99.1 over there",
        "python3.99-config": "echo cpython 3.99.2 here",
    }
    for name, line in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    tests = runpy.run_path(str(ROOT / "tests/__main__.py"))
    ours = ".".join(map(str, sys.version_info[:3]))
    found = tests["find_pythons"]()
    assert (ours, bootstrap.BASE) in found
    assert found[-1] == ("3.99.1", "over there")
    beside_ours = {version for version, _ in found[:-1]} - {ours}
    assert not beside_ours & {"3.9.1", "3.97.0", "3.98.0"}
    assert all(bootstrap.BASE.split("versions")[0] in path for _, path in found[:-1])


@pytest.mark.parametrize("failing", [None, "3.98"])
def test_every_python_is_run_and_shown_in_order_and_one_that_fails_fails_them_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: str | None
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    tests = runpy.run_path(str(ROOT / "tests/__main__.py"))
    second_has_ended = threading.Event()

    def run_under(version: str, python: str, arguments: list[str]) -> tuple[str, str, bool]:
        if version == "3.98":
            second_has_ended.set()
        else:
            assert second_has_ended.wait(GUARD)
        return f"{python} {' '.join(arguments)}", f"{version} is through", version == failing

    run_all = tests["run_under_all"]
    run_all.__globals__["run_under"] = run_under
    status = run_all([("3.97", "this"), ("3.98", "that")], ["-q"])
    assert status == int(failing is not None)
    said = [line for line in capsys.readouterr().out.splitlines() if line]
    assert said == [
        "python 3.97 is this",
        "python 3.98 is that",
        "=== 3.97 is through",
        "this -m not once -q",
        "=== 3.98 is through",
        "that -q",
        "3.97 is through",
        "3.98 is through",
    ]
