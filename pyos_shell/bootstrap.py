"""Give PyOS the Python environment it needs, whatever state it is in.

Every Python must be able to read this file, even 2.7: it is the one that tells
an old Python's user what to install. Hence the old syntax.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
OLDEST = (3, 11)
BASE = getattr(sys, "_base_executable", None) or sys.executable  # never one in an environment
VERSION = "%d.%d" % sys.version_info[:2]

EXTRAS = ["", "test", "dev", "bench"]  # each includes the ones before it
MODULES = {"": ["greenlet", "prompt_toolkit", "pygments", "wcwidth"]}
MODULES["test"] = MODULES[""] + ["aiohttp", "asyncssh", "distributed", "hypothesis", "pyte"]
MODULES["test"] += ["pytest"]
MODULES["dev"] = MODULES["test"] + ["mypy", "ruff"]
MODULES["bench"] = MODULES["dev"] + ["curio", "eventlet", "gevent", "trio"]
MODULES["bench"] += ["uvloop"] * (os.name == "posix")

STAMP_FILE = "pyos-setup.json"
UNFINISHED = {"unfinished": True}
TAKEN = [errno.EACCES, errno.EAGAIN, errno.EDEADLK]  # what a lock in other hands says
PROBE = (
    "import sys; from importlib.util import find_spec; "
    "print('%d.%d' % sys.version_info[:2]); sys.exit(not all(map(find_spec, sys.argv[1:])))"
)


def python_for(extra=""):
    """Return a Python with all that PyOS and `extra` need: this one, or an environment's."""
    check_version()
    if is_sufficient(extra):
        return sys.executable
    path = os.path.join(ROOT, os.environ.get("PYOS_VENV") or ".venv")
    try:
        return Environment(path, extra).prepare()
    except SetUpError as error:
        sys.exit("PyOS: %s" % error)
    except KeyboardInterrupt:
        say("set-up interrupted; the same command again finishes it")
        sys.exit(130)


def check_version():
    """End a Python that is too old, with a line that says so."""
    if sys.version_info < OLDEST:
        sys.exit(
            "PyOS needs Python %d.%d or newer and this is Python %s: install a newer one "
            "(from your system's packages or python.org) and use that." % (OLDEST + (VERSION,))
        )


def is_sufficient(extra):
    """Tell whether this Python, perhaps a distribution's, needs no environment of ours."""
    from importlib.machinery import PathFinder  # Python 2 has none

    path = sys.path[1:]  # without the checkout, which our caller put first
    if extra and ROOT not in path:
        return False  # tests start Pythons of their own, which must find PyOS too
    return all(PathFinder.find_spec(module, path) for module in MODULES[extra])


def become(command):
    """Go on as `command`; never return."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # leaves Ctrl-C to the child
    sys.exit(subprocess.call(command))


def say(text):
    """Tell the user in a line what goes on."""
    sys.stderr.write("PyOS: %s\n" % text)
    sys.stderr.flush()


class SetUpError(Exception):
    """There is no environment; the message is a line that says what to do."""


class Environment:
    """A virtual environment with PyOS in it, and a stamp that says how it was set up.

    A set-up first writes the stamp `UNFINISHED`, and its own at the very end:
    so whatever interrupts it, the next one knows, and starts afresh.
    """

    def __init__(self, path, extra, base=BASE, version=VERSION):
        """Describe the environment at `path` for the Python `base` and one of `EXTRAS`."""
        self.path = path
        self.base = base
        inside = ["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]
        self.python = os.path.join(path, *inside)
        self.stamp_file = os.path.join(path, STAMP_FILE)
        self.wanted = {
            "root": ROOT,
            "version": version,
            "extra": extra,
            "pyproject": read(os.path.join(ROOT, "pyproject.toml")),
        }

    def prepare(self):
        """Return the environment's Python, after a set-up if one is due."""
        try:
            if not self.is_ready():
                with locked(self.path + ".lock") as lock:
                    if not self.is_ready():  # nobody did it while we waited
                        self.set_up(lock)
        except OSError as error:
            raise SetUpError("%s; PYOS_VENV can name a directory to use instead" % error)
        return self.python

    def is_ready(self):
        """Tell whether the last set-up ended, gave what we want, and still works."""
        stamp = self.stamp()
        return (
            dict(stamp or {}, extra=None) == dict(self.wanted, extra=None)
            and wider(stamp, self.wanted) == stamp["extra"]
            and self.works(stamp)
        )

    def works(self, stamp):
        """Tell whether our Python starts, is of the right version, and has what `stamp` says."""
        modules = MODULES[stamp["extra"]] if stamp else []
        return probe(self.python, modules) == self.wanted["version"]

    def set_up(self, lock):
        """Mend the environment if it works, otherwise make it anew."""
        self.check_possible()
        say("setting up %s; this can take a minute ..." % self.path)
        stamp = self.stamp()
        if stamp != UNFINISHED and self.works(stamp):
            self.wanted["extra"] = wider(stamp or self.wanted, self.wanted)
        else:
            self.discard()
        self.write_stamp(UNFINISHED)
        for command in self.recipe():
            run_quietly(command, lock)
        if not self.works(self.wanted):
            raise SetUpError("%s does not work: remove it and try again" % self.path)
        self.write_stamp(self.wanted)

    def recipe(self):
        """Return the commands that make the environment; they mend one just as well."""
        extra = self.wanted["extra"]
        project = "%s[%s]" % (ROOT, extra) if extra else ROOT
        pip = [self.python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
        return [
            [self.base, "-I", "-m", "venv", self.path],
            pip + ["install", "--editable", project],
        ]

    def check_possible(self):
        """Refuse a Python that cannot make environments, and a directory that is no environment."""
        if probe(self.base, ["venv", "ensurepip"]) is None:
            raise SetUpError(
                "this Python lacks venv or ensurepip: install them "
                "(Debian, Ubuntu: apt install python%s-venv) and try again" % self.wanted["version"]
            )
        content = os.listdir(self.path) if os.path.lexists(self.path) else []
        if content and not {"pyvenv.cfg", STAMP_FILE}.intersection(content):
            raise SetUpError("%s is no environment: move it away and try again" % self.path)

    def discard(self):
        """Remove the environment; renamed first, so that half of it is never taken for one."""
        old = self.path + ".old"
        shutil.rmtree(old, ignore_errors=True)
        if os.path.lexists(self.path):
            os.rename(self.path, old)
        shutil.rmtree(old, ignore_errors=True)

    def stamp(self):
        """Return what the last set-up wrote; None if there was none, as in a user's own."""
        if not os.path.exists(self.stamp_file):
            return None
        try:
            stamp = json.loads(read(self.stamp_file))
        except ValueError:
            return UNFINISHED
        return stamp if stamp.get("extra") in EXTRAS else UNFINISHED

    def write_stamp(self, stamp):
        """Write the stamp in one step: it is never seen half-written."""
        if not os.path.isdir(self.path):
            os.makedirs(self.path)
        with open(self.stamp_file + ".new", "w") as file:
            json.dump(stamp, file)
        os.replace(self.stamp_file + ".new", self.stamp_file)


def wider(stamp, other):
    """Return the extra that includes the other one's."""
    return max(stamp["extra"], other["extra"], key=EXTRAS.index)


def read(path):
    """Return the text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def probe(python, modules):
    """Return the version of `python` if it starts and finds all `modules`, else None."""
    command = [python, "-P", "-c", PROBE] + modules
    try:
        output = subprocess.check_output(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return output.decode().strip()


def run_quietly(command, lock):
    """Run one step of a set-up; show its last lines only if it fails."""
    step = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
        env=dict(os.environ, PIP_USER="0"),  # a user's pip.conf may say otherwise
        pass_fds=() if os.name == "nt" else (lock,),  # a step that outlives us keeps the lock
    )
    if step.returncode == 0:
        return
    if "connection broken by" in step.stdout:
        raise SetUpError("no network, and the set-up needs one: connect and try again")
    sys.stderr.write("\n".join(step.stdout.splitlines()[-15:]) + "\n")
    raise SetUpError("the set-up failed, for the reason above; put that right and try again")


@contextlib.contextmanager
def locked(path):
    """Keep others out; the system opens the lock again when its holders end, however they do."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not acquire(lock):
            say("waiting for another set-up to end ...")
            acquire(lock, wait=True)
        yield lock
    finally:
        os.close(lock)


def acquire(lock, wait=False):
    """Take the lock; False if someone has it and we do not `wait`."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in TAKEN:
            raise
        return acquire(lock, wait) if wait else False  # Windows waits ten seconds at most
    return True
