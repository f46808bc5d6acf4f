"""The card as a file: its partitions, its boot state, and changes that a technician with a card reader could make.

Offsets are bytes. Reads GPT itself; writes into raw files directly and into overlays through `qemu-io`.
"""

import pathlib
import struct
import subprocess
import tempfile

from . import env
from .waiting import Failed

SECTOR = 512
# Where the two copies of the boot state lie (image/boot/uboot-common.config).
ENV_SIZE, ENV_PLACES = 0x4000, (0x400000, 0x800000)


class Card:
    """A raw image or an overlay."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.raw = self.path.suffix != ".qcow2"

    def read(self, offset, length):
        """Bytes of the card."""
        if self.raw:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read(length).ljust(length, b"\0")
        with tempfile.NamedTemporaryFile() as out:
            # Copies in units of 512 bytes; `dd` reads through the chain of overlays.
            first, count = offset // SECTOR, -(-(offset % SECTOR + length) // SECTOR)
            subprocess.run(["qemu-img", "dd", "-U", "-f", "qcow2", "-O", "raw", f"bs={SECTOR}", f"skip={first}",
                            f"count={first + count}", f"if={self.path}", f"of={out.name}"], check=True, timeout=120)
            data = pathlib.Path(out.name).read_bytes()
        return data[offset % SECTOR:offset % SECTOR + length].ljust(length, b"\0")

    def write(self, offset, data):
        """Changes bytes of the card. The offset must be that of a sector."""
        if self.raw:
            with self.path.open("r+b") as file:
                file.seek(offset)
                file.write(data)
            return
        with tempfile.NamedTemporaryFile() as source:
            source.write(data)
            source.flush()
            self.write_file(offset, source.name, len(data))

    def write_file(self, offset, source, length=None):
        """Writes a whole file to the card."""
        length = pathlib.Path(source).stat().st_size if length is None else length
        if self.raw:
            subprocess.run(["dd", f"if={source}", f"of={self.path}", "bs=1M", f"seek={offset}", "oflag=seek_bytes",
                            "conv=notrunc", "status=none"], check=True, timeout=120)
            return
        done = subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"write -q -s {source} {offset} {length}", str(self.path)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=240)
        if done.returncode or done.stdout.strip():
            raise Failed(f"qemu-io: {done.stdout.strip()}")

    def partitions(self):
        """Name to (offset, length) of every partition."""
        head = self.read(SECTOR, SECTOR)
        if head[:8] != b"EFI PART":
            raise Failed(f"{self.path.name} has no GPT")
        first, count, size = struct.unpack("<QII", head[72:88])
        table = self.read(first * SECTOR, count * size)
        found = {}
        for number in range(count):
            entry = table[number * size:(number + 1) * size]
            if entry[:16] == bytes(16):
                continue
            begin, end = struct.unpack("<QQ", entry[32:48])
            name = entry[56:128].decode("utf-16-le").rstrip("\0")
            found[name] = (begin * SECTOR, (end - begin + 1) * SECTOR)
        return found

    def place(self, name):
        """(offset, length) of one partition."""
        parts = self.partitions()
        if name not in parts:
            raise Failed(f"the card has no partition {name}; it has {', '.join(parts)}")
        return parts[name]

    def boot_state(self):
        """BOOT_ORDER and its friends as they are stored; nothing if both copies are damaged."""
        return env.stored(*(self.read(place, ENV_SIZE) for place in ENV_PLACES))

    def set_boot_state(self, **values):
        """Stores boot variables in both copies."""
        state = self.boot_state() | values
        for number, place in enumerate(ENV_PLACES):
            self.write(place, env.pack(state, number + 1, ENV_SIZE))

    def flip(self, offset, bit=0):
        """Turns one bit of the card."""
        sector = offset // SECTOR * SECTOR
        data = bytearray(self.read(sector, SECTOR))
        data[offset - sector] ^= 1 << bit
        self.write(sector, bytes(data))

    def fill(self, slot, rootfs, boot):
        """Puts images into a slot (`a` or `b`) as an install would, without one."""
        for part, image in (("rootfs", rootfs), ("boot", boot)):
            offset, length = self.place(f"{part}_{slot}")
            if pathlib.Path(image).stat().st_size > length:
                raise Failed(f"{image} is larger than {part}_{slot}")
            self.write_file(offset, image)
