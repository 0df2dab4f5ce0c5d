"""The console of PyOS: a shell whose commands and programs are typed Python functions."""
