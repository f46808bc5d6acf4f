"""U-Boot's stored environment: the built-in text, and the redundant copies that lie at raw offsets of the card.

A stored copy is a little-endian CRC-32 of its data, one byte that counts writings, then `name=value` strings, each ended
by a zero, closed by another. Of two good copies the one written later counts (255 is followed by 0). Sources: U-Boot's
`env/common.c` and `tools/env/fw_env.c`.
"""

import re
import struct
import zlib

HEAD = 5


def parse_text(text):
    """The built-in environment as U-Boot's build reads it: `name=value` lines, `#` at the start of a line comments, a line
    that is indented goes on. The last one of a name counts."""
    values, name = {}, None
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = re.match(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)$", line)
        if found and not line[0].isspace():
            name = found[1]
            values[name] = found[2]
        elif name and line[0].isspace():
            values[name] += " " + line.strip()
        else:
            raise ValueError(f"not a line of an environment: {line!r}")
    return values


def pack(values, count, size):
    """One stored copy of `size` bytes."""
    data = b"".join(f"{name}={value}".encode() + b"\0" for name, value in sorted(values.items())) + b"\0"
    if len(data) > size - HEAD:
        raise ValueError("the environment does not fit")
    data = data.ljust(size - HEAD, b"\0")
    return struct.pack("<IB", zlib.crc32(data), count) + data


def unpack(copy):
    """(count, values) of a stored copy, or None if it is damaged."""
    crc, count = struct.unpack("<IB", copy[:HEAD])
    data = copy[HEAD:]
    if zlib.crc32(data) != crc:
        return None
    values = {}
    for entry in data.split(b"\0"):
        if not entry:
            break
        name, _, value = entry.decode("utf-8", "replace").partition("=")
        values[name] = value
    return count, values


def newer(first, second):
    """Which of two copies counts: 0, 1, or None if both are damaged."""
    one, two = unpack(first), unpack(second)
    if one is None or two is None:
        return 0 if one else 1 if two else None
    if {one[0], two[0]} == {0, 255}:
        return 0 if one[0] == 0 else 1
    return 1 if two[0] > one[0] else 0


def stored(first, second):
    """Values of the copy that counts; none if both are damaged."""
    place = newer(first, second)
    return {} if place is None else unpack((first, second)[place])[1]
