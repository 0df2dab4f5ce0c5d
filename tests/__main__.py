"""Run the tests, after the set-up they need: `python3 tests [pytest's arguments]`.

`python3 tests --every-python` runs them under each Python of this machine that
PyOS supports, each in an environment of its own, all at once. What a run has
said is shown when it has ended. Tests that are marked `once` are run under the
newest alone: they take long, and one Python is enough for them.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import time

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from pyos_shell import bootstrap

EVERY_PYTHON = "--every-python"
FEWER = ["-m", "not once"]
INTRODUCTION = (
    "import sys, venv, ensurepip; "
    "print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], sys.executable)"
)


def main(arguments):
    """Run pytest with `arguments`, under this Python or under every one."""
    bootstrap.check_version()
    os.chdir(bootstrap.ROOT)
    if EVERY_PYTHON not in arguments:
        bootstrap.become(pytest(bootstrap.python_for("test"), arguments))
    arguments.remove(EVERY_PYTHON)
    try:
        sys.exit(run_under_all(find_pythons(), arguments))
    except KeyboardInterrupt:
        sys.exit(130)


def pytest(python, arguments):
    """Return the command that runs pytest under `python`."""
    return [python, "-P", "-m", "pytest"] + arguments


def run_under_all(pythons, arguments):
    """Run the tests under each of `pythons`; return 0 if all passed."""
    if not pythons:
        sys.exit(
            "PyOS: no Python here can make environments (Debian, Ubuntu: apt install python3-venv)."
        )
    from concurrent.futures import ThreadPoolExecutor  # Python 2 has none

    for version, python in pythons:
        tell("python %s is %s" % (version, python))
    newest = pythons[-1][0]
    with ThreadPoolExecutor(len(pythons)) as pool:
        runs = [
            pool.submit(run_under, version, path, ([] if version == newest else FEWER) + arguments)
            for version, path in pythons
        ]
        results = [show(run.result()) for run in runs]
    for line, _ in results:
        tell(line)
    return int(any(failed for _, failed in results))


def show(result):
    """Show what one run has said; return its verdict."""
    output, line, failed = result
    tell("\n=== %s\n%s" % (line, output))
    return line, failed


def run_under(version, python, arguments):
    """Run the tests under one Python; return what it said, how it went, and if it failed."""
    start = time.monotonic()
    series = "%d.%d" % minor(version)
    path = os.path.join(bootstrap.ROOT, ".venv-" + series)
    try:
        own = bootstrap.Environment(path, "test", python, series).prepare()
    except bootstrap.SetUpError as error:
        return "", "python %s: failed, %s" % (version, error), True
    with tempfile.TemporaryFile() as file:
        status = subprocess.call(pytest(own, arguments), stdout=file, stderr=subprocess.STDOUT)
        file.seek(0)
        output = file.read().decode(errors="replace")
    verdict = "failed with exit status %d" % status if status else "passed"
    seconds = time.monotonic() - start
    line = "python %s: %s after %.0f seconds" % (version, verdict, seconds)
    return output, line, bool(status)


def find_pythons():
    """Return the (version, executable) of each CPython that PyOS supports, one per X.Y."""
    introduced = [introduce(candidate) for candidate in candidates()]
    chosen = {
        minor(version): (version, executable)
        for name, version, executable in reversed(introduced)  # so that the first one stays
        if name == "cpython" and minor(version) >= bootstrap.OLDEST
    }
    return [chosen[key] for key in sorted(chosen)]


def minor(version):
    """Return the first two numbers of a version: those that an environment is made for."""
    return tuple(map(int, version.split(".")[:2]))


def introduce(candidate):
    """Return the implementation, version and executable of a Python; no version if it is none."""
    try:
        command = [candidate, "-I", "-c", INTRODUCTION]
        output = subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=30)
        name, version, executable = output.decode().strip().split(" ", 2)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None, "0.0", candidate
    return name, version, executable


def candidates():
    """Yield what may be Pythons: our own, those on PATH, pyenv's and the Windows launcher's."""
    yield bootstrap.BASE
    for folder in os.get_exec_path():
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), "python3.*"))):
            if re.search(r"python3\.\d+(\.exe)?$", path):
                yield path
    for versions in pyenv_folders():
        for path in sorted(glob.glob(os.path.join(glob.escape(versions), "*", "bin", "python"))):
            yield path
    for path in launcher_pythons():
        yield path


def pyenv_folders():
    """Return the folders in which pyenv may keep its Pythons; ours is in one of them, perhaps."""
    beside_ours = os.path.dirname(os.path.dirname(os.path.dirname(bootstrap.BASE)))
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return [os.path.join(pyenv, "versions")] + [beside_ours] * beside_ours.endswith("versions")


def launcher_pythons():
    """Return the Pythons that `py` knows on Windows."""
    if os.name != "nt":
        return []
    try:
        listing = subprocess.check_output(["py", "-0p"], universal_newlines=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return re.findall(r"[A-Z]:\\.*\.exe", listing)


def tell(line):
    """Print a line now: what runs next prints too."""
    print(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
