"""A board without a machine: card, boot state, the real boot script, and what the kernel, the gate and RAUC do with them.

The card is a list of small writes. An install, a saved counter and "mark good" each become several writes, and a power cut
may come after any of them (`PowerCut`), in the middle of a stored environment or of a slot. The order of RAUC's writings
is that of its U-Boot backend: slot taken out of the order, counter zero, slots block by block, counter set, order set; each
variable is one `fw_setenv`, which writes the older of the two copies.
"""

import pathlib

from lab import env
from lab.hush import Hush, Stop
from lab.maker import settings

BOOT = pathlib.Path(__file__).resolve().parents[2] / "boot"
# Smaller than any card writes at once, so that a cut also falls into the middle of the few bytes that matter.
SECTOR = 32
COPY = 6 * SECTOR
BLOCKS = {"boot": 3, "root": 6}
# What is read back from the card; tests/fake/test_boot.py compares it with the build of U-Boot.
VARIABLES = ("BOOT_ORDER", "BOOT_A_LEFT", "BOOT_B_LEFT", "BOOT_RESET")


class PowerCut(Exception):
    """The power went away."""


def built_in(board="vm"):
    """The built-in environment of a board: what all share, then its own."""
    text = (BOOT / "env-common.txt").read_text(encoding="utf-8")
    return env.parse_text(text) | env.parse_text((BOOT / f"env-{board}.txt").read_text(encoding="utf-8"))


class Card:
    """Two environment copies, two slots of two partitions, and the data partition, of which only the outbox matters."""

    def __init__(self, version="old", outbox=("K032-000001",)):
        self.copies = [bytearray(b"\xff" * COPY), bytearray(b"\xff" * COPY)]
        self.parts = {f"{part}_{slot}": [version] * count for part, count in BLOCKS.items() for slot in "ab"}
        self.outbox = list(outbox)
        self.cut_after = None
        self.writes = 0

    def _write(self):
        if self.cut_after is not None and self.writes >= self.cut_after:
            raise PowerCut
        self.writes += 1

    def write_sector(self, copy, number, data):
        """One sector of a stored environment."""
        self._write()
        self.copies[copy][number * SECTOR:(number + 1) * SECTOR] = data

    def write_block(self, part, number, block):
        """One block of a slot."""
        self._write()
        self.parts[part][number] = block

    def stored(self):
        """Values of the stored environment."""
        return env.stored(bytes(self.copies[0]), bytes(self.copies[1]))

    def save(self, values):
        """Writes an environment to the older copy."""
        current = env.newer(bytes(self.copies[0]), bytes(self.copies[1]))
        count = 0 if current is None else (env.unpack(bytes(self.copies[current]))[0] + 1) % 256
        target = 0 if current is None else 1 - current
        data = env.pack(values, count, COPY)
        for number in range(COPY // SECTOR):
            self.write_sector(target, number, data[number * SECTOR:(number + 1) * SECTOR])

    def whole(self, slot):
        """The version in a slot if both parts are wholly there and belong together; None otherwise (the signed part holds
        the root hash, so a mixture does not start)."""
        versions = set(self.parts[f"boot_{slot.lower()}"]) | set(self.parts[f"root_{slot.lower()}"])
        return versions.pop() if len(versions) == 1 else None

    def signed(self, slot):
        """Whether the boot part is one piece, so that the boot loader accepts its signature."""
        return len(set(self.parts[f"boot_{slot.lower()}"])) == 1


class Board:
    """Turns the power on. `health` answers whether a version is well once its system runs."""

    def __init__(self, card, health=lambda version: True, environment=None):
        self.card, self.health = card, health
        self.environment = dict(built_in() if environment is None else environment)
        self.tried, self.said = [], []

    def power_on(self):
        """One start of the boot loader, until a slot starts or the board resets. Returns the slot, or None."""
        stored = {name: value for name, value in self.card.stored().items() if name in VARIABLES}
        values = self.environment | stored

        def bootm(*_):
            if self.card.signed(values["slot"]):
                raise Stop("booted")
            return False

        def saveenv():
            self.card.save({name: values[name] for name in VARIABLES if name in values})
            return True

        def fdt(*words):
            # The size of the signed part, told by its head, which is there or not.
            if words[0] == "header":
                if not self.card.signed(values["slot"]):
                    return False
                values[words[2]] = "19eb2e2"
            return True

        def fine(*_):
            return True

        shell = Hush(values, {"bootm": bootm, "saveenv": saveenv, "mmc": fine, "part": fine, "fdt": fdt})
        try:
            shell.run(values["bootcmd"])
        except Stop as stop:
            self.said += shell.said
            if stop.why == "booted":
                self.tried.append(values["slot"])
                return values["slot"]
            return None
        self.said += shell.said
        raise AssertionError("the boot script ended without a reset")

    def run(self, most=12):
        """Power on, again and again, until a version runs and is well. Returns (slot, version, starts) or None."""
        for start in range(1, most + 1):
            slot = self.power_on()
            version = slot and self.card.whole(slot)
            if version and self.health(version):
                Rauc(self.card, self.environment).mark_good(slot)
                return slot, version, start
        return None


class Rauc:
    """The writings of an install and of "mark good", with the tries that `system.conf` gives."""

    def __init__(self, card, environment):
        system = settings()["system"]
        self.card, self.environment = card, environment
        self._first, self._later = system["boot-attempts-primary"], system["boot-attempts"]

    def _values(self):
        stored = self.card.stored()
        return {name: stored.get(name, self.environment.get(name, "")) for name in VARIABLES}

    def _set(self, name, value):
        self.card.save(self._values() | {name: value})

    def install(self, slot, version, order_first=False):
        """Writes `version` to a slot. `order_first` is a planted fault: the slot is made primary before it is written."""
        order = [name for name in self._values()["BOOT_ORDER"].split() if name != slot]
        if order_first:
            self.activate(slot)
        else:
            self._set("BOOT_ORDER", " ".join(order))
            self._set(f"BOOT_{slot}_LEFT", "0")
        for part, count in BLOCKS.items():
            for number in range(count):
                self.card.write_block(f"{part}_{slot.lower()}", number, version)
        if not order_first:
            self.activate(slot)

    def activate(self, slot):
        """Makes a slot the first to try."""
        order = [name for name in self._values()["BOOT_ORDER"].split() if name != slot]
        self._set(f"BOOT_{slot}_LEFT", self._first)
        self._set("BOOT_ORDER", " ".join([slot, *order]))

    def mark_good(self, slot):
        """Fills the counter of the running slot."""
        self._set(f"BOOT_{slot}_LEFT", self._later)
