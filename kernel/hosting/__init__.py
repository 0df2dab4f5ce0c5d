"""Whole asyncio programs as tasks: each has an asyncio loop of its own, and all of them one kernel.

Nobody imports `asyncio` for that before there is such a program.
"""
