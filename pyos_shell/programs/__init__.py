"""Userland: the programs that `spawn` knows by name. Each file has one, named like the file."""
