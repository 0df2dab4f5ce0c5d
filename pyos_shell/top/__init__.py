"""`top`: the tasks that use the processor, live."""
