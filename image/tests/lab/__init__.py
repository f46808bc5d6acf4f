"""Tools for trying the machine's image without a machine: an emulator, a bench for its ports, servers, disks.

Python's standard library only, so that a bare machine can run them. Each module says at its top what it promises.
"""
