"""Fingers on the emulated touchscreen: contacts with slots and tracking ids, as a real panel sends them.

Positions are pixels of the screen; the panel counts 0 to 32767 along each axis. A tap lasts as long as a finger rests.
"""

import time

FULL = 32767
# A tap of a calm finger; shorter ones exist, but a loaded emulator may merge them.
REST = 0.12


def contact(kind, slot, tracking, x=None, y=None, size=(1080, 1920)):
    """Events of one step of a contact: `begin`, `update` or `end`."""
    events = [{"type": "mtt", "data": {"type": kind, "slot": slot, "tracking-id": tracking, "axis": "x", "value": 0}}]
    if x is not None:
        for axis, value, full in (("x", x, size[0]), ("y", y, size[1])):
            scaled = min(FULL, max(0, round(value * FULL / (full - 1))))
            data = {"type": "data", "slot": slot, "tracking-id": tracking, "axis": axis, "value": scaled}
            events.append({"type": "mtt", "data": data})
    if kind != "update":
        events.append({"type": "btn", "data": {"button": "touch", "down": kind == "begin"}})
    return events


class Fingers:
    """Touches one machine. Each contact has a fresh tracking id."""

    def __init__(self, qmp, size=(1080, 1920), device=None, rest=time.sleep):
        self._qmp, self._size, self._rest, self._tracking = qmp, size, rest, 0
        self._where = {} if device is None else {"device": device}
        self.taps = 0

    def _send(self, events):
        self._qmp.call("input-send-event", events=events, **self._where)

    def down(self, x, y, slot=0):
        """Lays a finger on the glass."""
        self._tracking += 1
        self._send(contact("begin", slot, self._tracking, x, y, self._size))

    def move(self, x, y, slot=0):
        """Moves a finger that lies on the glass."""
        self._send(contact("update", slot, self._tracking, x, y, self._size))

    def up(self, slot=0):
        """Lifts it."""
        self._send(contact("end", slot, -1, size=self._size))

    def tap(self, x, y, slot=0):
        """One touch of a button."""
        self.taps += 1
        self.down(x, y, slot)
        self._rest(REST)
        self.up(slot)
