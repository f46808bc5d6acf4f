"""What an update fetches over the line: two slots beside each other, and the bundle of the newer one.

delta.py OLD_SLOT NEW_SLOT BUNDLE

A slot is a folder with rootfs.img and boot.img. The kiosk holds the old slot twice (a fresh card) or the old one and one
before it; counted here is the old one alone, so the figure is an upper one. RAUC goes through the index of the new image and
reads a block of 4096 bytes out of the bundle when no block of its slots, and none that it has written already, has the same
SHA-256; zeroes are not read at all. The bundle is a squashfs with a hash tree behind it and the signature at its end, so
what goes over the line is more: the whole compressed block of the squashfs that a wanted block lies in, the leaves of the
hash tree over it, the index itself, the tables of the squashfs, the signature. All of that is counted from the bundle's own
tables. Not counted: the lines of HTTP, and what a kernel reads ahead.
"""
import hashlib
import os
import struct
import sys
import zlib

BLOCK = 4096
# A hash of 32 bytes each: so many blocks stand under one block of the tree.
FAN = BLOCK // 32
IMAGES = ("rootfs.img", "boot.img")
# The top bit but seven of a size in a squashfs: this block is stored as it is.
STORED = 1 << 24


def hashes(path):
    """SHA-256 of each block of a file; None for a block of zeroes."""
    found = []
    with open(path, "rb") as file:
        while data := file.read(BLOCK):
            data = data.ljust(BLOCK, b"\0")
            found.append(hashlib.sha256(data).digest() if data.strip(b"\0") else None)
    return found


def wanted(old, new):
    """Numbers of the blocks of `new` that are neither in `old` nor earlier in `new`."""
    have = set(hashes(old))
    have.add(None)
    numbers = []
    for number, value in enumerate(hashes(new)):
        if value not in have:
            have.add(value)
            numbers.append(number)
    return numbers


class Squashfs:
    """Where the blocks of the files of a bundle lie. Files are told apart by their size, which differs for all of ours."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        (magic, _, _, self.block, _, method, _, _, _, major, _, _, self.used, _, _, self.inodes, self.folders) = \
            struct.unpack_from("<5I6H6Q", self.data)
        if magic != 0x73717368 or major != 4 or method != 1:
            raise SystemExit(f"{path} is no squashfs in zlib")
        self.files = dict(self._files())

    def _table(self, start, end):
        """The unpacked bytes of a table: blocks of up to 8 KiB, each with its size before it."""
        out = bytearray()
        while start < end:
            (size,) = struct.unpack_from("<H", self.data, start)
            piece = self.data[start + 2:start + 2 + (size & 0x7FFF)]
            out += piece if size & 0x8000 else zlib.decompress(piece)
            start += 2 + (size & 0x7FFF)
        return bytes(out)

    def _files(self):
        """(size, [(offset, length) of each block]) of each file."""
        table, place = self._table(self.inodes, self.folders), 0
        while place < len(table):
            (kind,) = struct.unpack_from("<H", table, place)
            place += 16
            if kind == 1:
                place += 16
                continue
            if kind == 8:
                place += 24
                continue
            if kind == 2:
                start, fragment, _, size = struct.unpack_from("<4I", table, place)
                place += 16
            elif kind == 9:
                start, size, _, _, fragment, _, _ = struct.unpack_from("<3Q4I", table, place)
                place += 40
            else:
                raise SystemExit(f"a bundle holds files alone, this one an inode of kind {kind}")
            count = size // self.block if fragment != 0xFFFFFFFF else -(-size // self.block)
            blocks = []
            for length in struct.unpack_from(f"<{count}I", table, place):
                blocks.append((start, length & (STORED - 1)))
                start += length & (STORED - 1)
            place += 4 * count
            yield size, blocks


def spans(ranges):
    """Numbers of the blocks of the bundle that these ranges of bytes touch."""
    touched = set()
    for start, length in ranges:
        touched.update(range(start // BLOCK, -(-(start + length) // BLOCK)))
    return touched


def fetched(old, new, bundle):
    """Rows (what, bytes), the last of which is the sum."""
    archive = Squashfs(bundle)
    rows, ranges, blocks = [], [], 0
    for name in IMAGES:
        numbers = wanted(os.path.join(old, name), os.path.join(new, name))
        size = os.path.getsize(os.path.join(new, name))
        places = archive.files[size]
        hit = {number * BLOCK // archive.block for number in numbers}
        ranges += [places[number] for number in hit]
        blocks += len(numbers)
        rows.append((f"{name}: blocks that are new, of {size // BLOCK * BLOCK} bytes", len(numbers) * BLOCK))
        ranges += archive.files[size // BLOCK * 32]
    data = spans(ranges)
    rows.append(("the compressed blocks these lie in, and the index", len(data) * BLOCK))
    data |= spans([(0, 96), (archive.inodes, archive.used - archive.inodes)])
    tree, level = 0, data
    total = -(-archive.used // BLOCK)
    while total > 1:
        level = {number // FAN for number in level}
        tree += len(level)
        total = -(-total // FAN)
    signature = os.path.getsize(bundle) % BLOCK
    rows.append(("with tables, hash tree and signature", (len(data) + tree) * BLOCK + signature))
    return rows


def main(old, new, bundle):
    whole = os.path.getsize(bundle)
    print(f"{whole:>12}  the whole bundle")
    rows = fetched(old, new, bundle)
    for what, size in rows:
        print(f"{size:>12}  {what}")
    print(f"{100 * rows[-1][1] / whole:>11.1f}%  of the bundle")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
