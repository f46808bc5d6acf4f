"""Pictures of the screen: read from the emulator's format, looked at, kept as PNG.

A picture is rows of RGB bytes. What is judged here is coarse on purpose: how many colours there are, where an area of one
colour lies, how much two pictures differ. What a page says is judged by the tests of the screens.
"""

import struct
import zlib


class Picture:
    """`width` x `height` pixels, three bytes each, row by row."""

    def __init__(self, width, height, pixels):
        if len(pixels) != width * height * 3:
            raise ValueError(f"{len(pixels)} bytes are not {width} x {height} pixels")
        self.width, self.height, self.pixels = width, height, pixels

    @classmethod
    def from_ppm(cls, data):
        """Reads the binary form of PPM with 255 levels, which is what the emulator writes."""
        fields, place = [], 0
        while len(fields) < 4:
            end = place
            while not data[end:end + 1].isspace():
                end += 1
            fields.append(data[place:end])
            place = end + 1
        if fields[0] != b"P6" or fields[3] != b"255":
            raise ValueError("not a binary PPM with 255 levels")
        return cls(int(fields[1]), int(fields[2]), data[place:])

    def png(self):
        """The picture as the bytes of a PNG file."""
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        stride = self.width * 3
        rows = b"".join(b"\0" + self.pixels[y * stride:(y + 1) * stride] for y in range(self.height))
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")

    def at(self, x, y):
        """The colour of one pixel as (red, green, blue)."""
        place = (y * self.width + x) * 3
        return tuple(self.pixels[place:place + 3])

    def sample(self, step=8):
        """Every `step`-th pixel of every `step`-th row as (x, y, colour)."""
        for y in range(0, self.height, step):
            for x in range(0, self.width, step):
                yield x, y, self.at(x, y)

    def colours(self, step=8):
        """How often each colour occurs among the sampled pixels."""
        counts = {}
        for _, _, colour in self.sample(step):
            counts[colour] = counts.get(colour, 0) + 1
        return counts

    def is_a_page(self):
        """Whether this is one of our pages: many colours, most of it bright. A console is black with a few."""
        counts = self.colours()
        bright = sum(count for colour, count in counts.items() if sum(colour) > 600)
        return len(counts) >= 12 and bright * 3 > sum(counts.values())

    def areas(self, colour, tolerance=6, step=8, least=20):
        """Boxes (left, top, right, bottom) of connected areas of a colour with at least `least` samples, top first."""
        def near(x, y):
            if not (0 <= x < self.width and 0 <= y < self.height):
                return False
            return all(abs(a - b) <= tolerance for a, b in zip(self.at(x, y), colour))
        seen, boxes = set(), []
        for x, y, _ in self.sample(step):
            if (x, y) in seen or not near(x, y):
                continue
            heap, box, size = [(x, y)], [x, y, x, y], 0
            seen.add((x, y))
            while heap:
                px, py = heap.pop()
                size += 1
                box = [min(box[0], px), min(box[1], py), max(box[2], px), max(box[3], py)]
                for nx, ny in ((px + step, py), (px - step, py), (px, py + step), (px, py - step)):
                    if (nx, ny) not in seen and near(nx, ny):
                        seen.add((nx, ny))
                        heap.append((nx, ny))
            if size >= least:
                boxes.append(tuple(box))
        return sorted(boxes, key=lambda box: (box[1], box[0]))

    def difference(self, other, step=8, rows=None):
        """Share of sampled pixels that differ, 0 to 1; 1 for another size. `rows` looks at those from here to there alone."""
        if (self.width, self.height) != (other.width, other.height):
            return 1.0
        total = changed = 0
        for x, y, colour in self.sample(step):
            if rows and not rows[0] <= y < rows[1]:
                continue
            total += 1
            changed += any(abs(a - b) > 8 for a, b in zip(colour, other.at(x, y)))
        return changed / total
