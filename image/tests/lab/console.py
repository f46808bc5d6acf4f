"""Reader of a serial line that the emulator offers as a Unix socket.

Every line is kept with the second it came at, counted from the start of the machine, and written to a file beside the
pictures. A wait looks at lines that came after the last one it saw (`since`), so no marker is taken for an earlier one.
"""

import re
import socket
import threading
import time

from .waiting import Failed, Late, limit

# A marker is looked for in text without what colours a terminal.
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f]")


class Console:
    """Lines of one serial port. Threads: one reads; anybody may wait."""

    def __init__(self, path, log, clock=time.monotonic):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._log = open(log, "a", encoding="utf-8", buffering=1)
        self._clock = clock
        self._start = clock()
        self._news = threading.Condition()
        self._partial = ""
        self._partial_at = 0.0
        self.lines = []
        self.closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            with self._news:
                if not data:
                    self._end_line()
                    self.closed = True
                    self._news.notify_all()
                    return
                self.take(data)
                self._news.notify_all()

    def take(self, data):
        """Adds bytes as they came; whole lines are kept, a beginning waits for its end."""
        text = self._partial + data.decode("utf-8", "replace")
        *whole, self._partial = text.split("\n")
        now = self._clock() - self._start
        for line in whole:
            self._keep(now, line)
        self._partial_at = now

    def _keep(self, now, line):
        clean = COLOURS.sub("", line)
        self.lines.append((now, clean))
        self._log.write(f"{now:9.2f} {clean}\n")

    def _end_line(self):
        if self._partial:
            self._keep(self._partial_at, self._partial)
            self._partial = ""

    def now(self):
        """Seconds since the machine was switched on."""
        return self._clock() - self._start

    def mark(self):
        """The place after all that came so far, for `since`."""
        with self._news:
            return len(self.lines)

    def wait(self, pattern, expected, since=0, unless=None, whole=False):
        """Waits for a line that matches; returns (second, match, place after it). `unless` fails at once. With `whole` a
        line counts only when its end has come."""
        wanted = re.compile(pattern)
        unwanted = re.compile(unless) if unless else None
        end = self._clock() + limit(expected)
        place = since
        with self._news:
            while True:
                while place < len(self.lines):
                    second, line = self.lines[place]
                    place += 1
                    if unwanted and unwanted.search(line):
                        raise Failed(f"instead of {pattern!r} came {line.strip()!r}")
                    found = wanted.search(line)
                    if found:
                        return second, found, place
                found = None if whole else wanted.search(COLOURS.sub("", self._partial))
                if found:
                    return self._partial_at, found, place
                left = end - self._clock()
                if left <= 0:
                    last = self.lines[-1][1].strip() if self.lines else "nothing"
                    raise Late(f"no {pattern!r} within {limit(expected):.0f} s; the last line was {last!r}")
                if self.closed:
                    raise Failed(f"the machine ended before {pattern!r}")
                self._news.wait(min(left, 1.0))

    def seen(self, pattern, since=0):
        """Every (second, match) so far."""
        wanted = re.compile(pattern)
        with self._news:
            lines = list(self.lines[since:])
        return [(second, found) for second, line in lines if (found := wanted.search(line))]

    def send(self, data):
        """Writes bytes to the port."""
        self._socket.sendall(data)

    def close(self):
        """Lets go of the port; the log is complete afterwards."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other side was gone before.
        self._thread.join(timeout=10)
        self._socket.close()
        self._log.close()
