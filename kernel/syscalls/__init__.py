"""Every system call, by topic."""
