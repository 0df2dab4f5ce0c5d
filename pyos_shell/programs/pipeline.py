"""Tasks that are joined by pipes, like `cat | grep | wc`."""

from kernel import ClosePipe, Join, Pipe, PipeRead, PipeWrite, Sleep, SpawnLinked


def pipeline(word: str = "yield", *, room: int = 100, pause: float = 0.0):
    """Count the lines of this file with WORD.

    Each step is a task, and prints what it passes on. Look at the `tasks`
    meanwhile: a full pipe holds up who writes, an empty one who reads.

    room: bytes that a pipe has room for
    pause: seconds between two lines
    """
    lines, found = Pipe(room, "of lines"), Pipe(room, "of finds")
    yield SpawnLinked(cat(lines, pause))
    yield SpawnLinked(grep(word.encode(), lines, found))
    count = yield Join((yield SpawnLinked(wc(found))))
    print(f"{count} lines have {word!r} in them")


def cat(out, pause):
    """Write this file into a pipe, line by line."""
    with open(__file__, "rb") as file:
        for line in file:
            yield PipeWrite(out, line)
            yield Sleep(pause)
    yield ClosePipe(out, "write")


def grep(word, lines, out):
    """Pass on the lines that have the word in them."""
    rest = b""
    while data := (yield PipeRead(lines, 65536)):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if word in line:
                print("grep:", line.decode())
                yield PipeWrite(out, line + b"\n")
    yield ClosePipe(out, "write")


def wc(lines):
    """Count lines."""
    count = 0
    while data := (yield PipeRead(lines, 65536)):
        count += data.count(b"\n")
        print("wc:", count)
    return count
