"""How many files the process may have open."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

#: What macOS allows at least, which calls its hard limit unlimited, and refuses that.
USUAL: Final = 10_240


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard one, where the system has such limits: a server of 10,000
    connections should not end at the usual 1,024.
    """
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft in (hard, resource.RLIM_INFINITY):
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        if soft < USUAL:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL, hard))
