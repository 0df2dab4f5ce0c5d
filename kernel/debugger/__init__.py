"""How tasks are held up and looked over: the brake, single steps, breakpoints.

The loop knows of none of it but the brake, which it asks once a round.
"""
