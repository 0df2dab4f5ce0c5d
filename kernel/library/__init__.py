"""What every program could write for itself, over the system calls: supervisors, TLS, files on
disk, hosts by name, processes in one go.
"""
