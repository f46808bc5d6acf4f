"""The guest's physical memory, through the emulator's door for debuggers.

Needed for one thing: a kept state of the emulator does not hold the place of the card's controller on the bus (its model
keeps the controller's registers and forgets those of the bus). They are read before a state is kept and written back when a
machine goes on from it; without that every read of the card fails.
"""

import socket

from .waiting import Failed, limit

# Configuration space of the board's bus, and in it of the controller at place 3: command, then the first address.
CONTROLLER = 0x4010000000 + (3 << 15)
REGISTERS = ((0x04, 2), (0x10, 4), (0x3C, 1))


class Memory:
    """One connection; the machine must be stopped and stays so."""

    def __init__(self, path):
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(limit(5))
        self._line.connect(str(path))
        if self._ask("Qqemu.PhyMemMode:1") != "OK":
            raise Failed("the emulator's door for debuggers does not offer physical memory")

    def _ask(self, packet):
        self._line.sendall(f"+${packet}#{sum(packet.encode()) % 256:02x}".encode())
        data = b""
        while b"#" not in data or len(data) < data.index(b"#") + 3:
            more = self._line.recv(4096)
            if not more:
                raise Failed("the emulator closed its door for debuggers")
            data += more
        self._line.sendall(b"+")
        return data[data.index(b"$") + 1:data.index(b"#")].decode()

    def read(self, address, length):
        """Bytes of the memory."""
        return bytes.fromhex(self._ask(f"m{address:x},{length:x}"))

    def write(self, address, data):
        """Changes bytes of the memory."""
        if self._ask(f"M{address:x},{len(data):x}:{data.hex()}") != "OK":
            raise Failed(f"memory at {address:#x} cannot be written")

    def close(self):
        """Closes the connection."""
        self._line.close()


def controller(memory):
    """The registers that a kept state forgets, as {offset: bytes in hexadecimal}."""
    return {str(offset): memory.read(CONTROLLER + offset, length).hex() for offset, length in REGISTERS}


def put_back(memory, registers):
    """Writes them back, the address before the command that switches it on."""
    for offset, value in sorted(registers.items(), key=lambda row: -int(row[0])):
        memory.write(CONTROLLER + int(offset), bytes.fromhex(value))
