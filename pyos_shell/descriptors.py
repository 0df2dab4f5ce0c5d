"""How many files the process may have open."""

from __future__ import annotations


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard one, where the system has such limits: a server of 10,000
    connections should not end at the usual 1,024.
    """
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # macOS calls its hard limit unlimited, and refuses it.
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(10_240, hard), hard))
