"""Laws of the keys: only their owner can have put one there, and the host is known by one for
ever.
"""

import os
import stat
import sys
import threading

import asyncssh
import pytest

from pyos_shell.ssh import keys as keys_module
from pyos_shell.ssh.keys import authorized_keys, host_key, is_usable
from pyos_shell.system import Failure

posix = pytest.mark.skipif(sys.platform == "win32", reason="platform: no permissions of this kind")

KEY = asyncssh.generate_private_key("ssh-ed25519")
LINE = KEY.export_public_key().decode().strip()


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def file(folder):
    file = folder / "authorized_keys"
    file.write_text(f"# the teacher's\n\n{LINE} teacher@home\n")
    file.chmod(0o600)
    return file


def trouble(file):
    """The line that says why nobody may join."""
    with pytest.raises(Failure) as raised:
        authorized_keys(file)
    text = str(raised.value)
    assert text.startswith("nobody may join by SSH: ") and "\n" not in text
    assert text.endswith(", or name another file: --ssh-keys FILE")
    return text


def lets_in(keys, key=KEY, address="10.0.0.1"):
    return keys.validate(key.convert_to_public(), address, address) is not None


# -- who may join


def test_a_key_that_is_listed_may_join_and_no_other(file):
    keys = authorized_keys(file)
    assert lets_in(keys)
    assert not lets_in(keys, asyncssh.generate_private_key("ssh-ed25519"))


def test_no_file_and_no_key_are_one_line_that_says_what_to_do(folder):
    assert "there is no file" in trouble(folder / "none")
    empty = folder / "empty"
    for text in ("", "# nothing\n", "ssh-ed25519 AAAA nonsense\n", "\0\1\2"):
        empty.write_text(text)
        assert "there is no key in" in trouble(empty)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
@posix
def test_what_is_no_file_is_not_waited_for(folder, kind):
    place = folder / kind
    if kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    assert "it is no file" in trouble(place)


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_lets_nobody_in(file, mode):
    file.chmod(mode)
    assert f"chmod go-w {file}" in trouble(file)


@posix
def test_nor_does_one_that_others_may_replace(file, folder):
    folder.chmod(0o777)
    assert f"chmod go-w {folder}" in trouble(file)
    folder.chmod(0o1777)  # as /tmp is: there, everybody has his own
    authorized_keys(file)


@posix
def test_nor_does_one_of_another_user(file, monkeypatch):
    monkeypatch.setattr(keys_module.os, "geteuid", lambda: os.getuid() + 1)
    if os.getuid() == 0:
        os.chown(file, 12_345, -1)
    assert "it belongs to another user" in trouble(file)


def test_a_line_that_cannot_be_read_costs_the_others_nothing(file):
    with file.open("a") as lines:
        lines.write('from="unclosed ssh-ed25519 AAAA\nnonsense\n')
    assert lets_in(authorized_keys(file))


def test_where_a_key_may_come_from_counts(file):
    file.write_text(f'from="192.168.*" {LINE}\n')
    keys = authorized_keys(file)
    assert lets_in(keys, address="192.168.0.9")
    assert not lets_in(keys, address="10.0.0.1")


@pytest.mark.parametrize(
    "option",
    [
        'expiry-time="20200101"',
        "cert-authority",
        "verify-required",
        'COMMAND="backup"',
        'command="backup",expiry-time="20200101"',
        'command="a \\" b",tomorrow',
        'from="*",Restrict',
        "expiry-time=20200101",
    ],
)
def test_a_restriction_that_is_not_known_is_never_ignored(option):
    assert not is_usable(f"{option} {LINE}")


@pytest.mark.parametrize(
    "option",
    ['command="backup, all"', "restrict,pty", 'no-pty,from="10.*,!10.1.*"', "no-X11-forwarding"],
)
def test_an_option_that_is_known_keeps_no_key_out(option):
    assert is_usable(f"{option} {LINE}")
    assert is_usable(f"  {option} {LINE} a comment, with=signs")


# -- whom it is


def test_the_host_is_known_by_the_same_key_the_next_time(folder):
    first, second = host_key(folder / "new"), host_key(folder / "new")
    assert first.get_fingerprint() == second.get_fingerprint()
    assert os.listdir(folder / "new") == ["ssh_host_key"]


@posix
def test_nobody_else_may_read_the_host_key_from_its_first_moment_on(folder, monkeypatch):
    seen = []
    place = keys_module.place

    def spying(new, file):
        seen.append(stat.S_IMODE(os.stat(new).st_mode))
        place(new, file)

    monkeypatch.setattr(keys_module, "place", spying)
    former = os.umask(0)
    try:
        host_key(folder)
    finally:
        os.umask(former)
    assert seen == [0o600]
    (folder / "ssh_host_key").chmod(0o640)
    with pytest.raises(Failure, match=r"cannot keep the host key .* chmod go= "):
        host_key(folder)


def test_who_makes_a_host_key_at_the_same_time_has_the_same(folder):
    start, found = threading.Barrier(4), []

    def make():
        start.wait(30)
        found.append(host_key(folder).get_fingerprint())

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4 and len(set(found)) == 1
    assert os.listdir(folder) == ["ssh_host_key"]


def test_a_disk_without_second_names_keeps_a_host_key_too(folder, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(keys_module.os, "link", refuse)
    assert host_key(folder).get_fingerprint() == host_key(folder).get_fingerprint()
    assert os.listdir(folder) == ["ssh_host_key"]


@pytest.mark.parametrize(
    "text", [b"", b"nonsense", KEY.export_private_key("pkcs8-pem", "secret"), LINE.encode()]
)
def test_a_damaged_host_key_is_one_line_and_not_replaced(folder, text):
    file = folder / "ssh_host_key"
    file.write_bytes(text)
    file.chmod(0o600)
    with pytest.raises(Failure, match="is no host key; remove it, and another is made"):
        host_key(folder)
    assert file.read_bytes() == text


@posix
def test_a_folder_that_cannot_be_is_one_line(folder):
    (folder / "file").write_text("")
    with pytest.raises(Failure, match="cannot keep the host key"):
        host_key(folder / "file" / "pyos")
