"""How a task that holds the kernel is met in the middle of its step: interrupted, or killed.

The loop knows of none of it. The watchdog sees from its own thread that a step takes too long, or
that somebody waits for it, and asks for the task; at the next safe point of its step the kernel's
thread comes by `Preemption.reached`. There the task is raised an error, or put aside with its whole
stack, to go on in a later turn.
"""
