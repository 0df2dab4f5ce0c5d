"""Consoles over SSH (`pyos --ssh PORT`). What speaks SSH is asyncssh, which only this imports."""
