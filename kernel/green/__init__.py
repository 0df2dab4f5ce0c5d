"""Green programs: ordinary scripts that block, each run as a task, unchanged.

    sched.new(green_script("server.py", "8000"))

Nothing is patched for anybody else. A green program has a universe of modules of its own: an
`__import__` of its own gives it, in place of the modules that block (`time`, `_thread`, `_socket`,
`select` …), others that suspend its task only; there is one file here for each. Of every module
that is written in Python and comes to one of these by its imports it gets a copy, executed once for
each program by the same `__import__`. So `queue`, `threading`, `logging` or `http.server` are those
of the standard library, and their locks and sockets are of tasks. All other modules it shares.
"""
