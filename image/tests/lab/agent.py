"""Orders to the test agent inside the guest (variants/agent). It exists only in images made for tests."""

import base64

from .waiting import Failed


class Agent:
    """Speaks over the console of the fourth serial port."""

    def __init__(self, console):
        self._console, self._number = console, 0

    def mark(self):
        """The place after all that it said so far, for `ready` after a restart."""
        return self._console.mark()

    def ready(self, expected=60, since=0):
        """Waits until the agent has started."""
        self._console.wait("AGENT-READY", expected, since)

    def run(self, script, expected=30):
        """Runs a script in the guest as root; returns (code, output)."""
        self._number += 1
        place = self._console.mark()
        self._console.send(f"{self._number} {base64.b64encode(script.encode()).decode()}\n".encode())
        _, _, begin = self._console.wait(f"BEGIN {self._number}$", expected, place, whole=True)
        _, end, after = self._console.wait(rf"END {self._number} (\d+)$", expected, begin, whole=True)
        lines = "".join(line.strip() for _, line in self._console.lines[begin:after - 1])
        return int(end[1]), base64.b64decode(lines).decode("utf-8", "replace")

    def ok(self, script, expected=30):
        """Runs a script that must end well; returns its output without the last line end."""
        code, said = self.run(script, expected)
        if code:
            raise Failed(f"in the guest: {' '.join(said.split())[-300:] or 'code ' + str(code)}")
        return said.rstrip("\n")
