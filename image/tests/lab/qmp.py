"""Client of the emulator's control protocol: one JSON object per line, answers matched by id, events kept.

A job (snapshot) is started and followed until it has concluded; its error becomes ours.
"""

import json
import socket
import time

from .waiting import Failed, Late, limit


class Qmp:
    """One control connection. Not for several threads at once."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("r", encoding="utf-8")
        self._next = 0
        self.events = []
        json.loads(self._file.readline())
        self.call("qmp_capabilities")

    def call(self, command, expected=15, **arguments):
        """Executes one command and returns its value."""
        self._next += 1
        order = {"execute": command, "arguments": arguments, "id": self._next}
        self._socket.settimeout(limit(expected))
        self._socket.sendall(json.dumps(order).encode() + b"\n")
        while True:
            try:
                line = self._file.readline()
            except TimeoutError as error:
                raise Late(f"the emulator did not answer {command}") from error
            if not line:
                raise Failed(f"the emulator ended at {command}")
            answer = json.loads(line)
            if answer.get("id") != self._next:
                self.events.append(answer)
            elif "error" in answer:
                raise Failed(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def job(self, command, expected=30, **arguments):
        """Starts a job and follows it to its end."""
        name = f"job{self._next}"
        self.call(command, **{"job-id": name, **arguments})
        end = time.monotonic() + limit(expected)
        while time.monotonic() < end:
            for job in self.call("query-jobs"):
                if job["id"] == name and job["status"] == "concluded":
                    self.call("job-dismiss", id=name)
                    if "error" in job:
                        raise Failed(f"{command}: {job['error']}")
                    return
            time.sleep(0.1)
        raise Late(f"{command}: not done within {limit(expected):.0f} s")

    def close(self):
        """Closes the connection; the emulator goes on."""
        self._file.close()
        self._socket.close()
