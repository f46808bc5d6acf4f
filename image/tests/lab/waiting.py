"""Waits with a limit.

Every wait has a name and an expected time, measured on an idle machine. The limit is four times that, because the emulator
shares its processors with whoever builds beside it. `BIANMIN_TEST_MARGIN` replaces the four.
"""

import os
import time

MARGIN = float(os.environ.get("BIANMIN_TEST_MARGIN", "4"))


class Failed(Exception):
    """What was expected did not happen. The text is one line for the table."""


class Late(Failed):
    """Something did not happen within its limit."""


def limit(expected):
    """Seconds that something expected to take `expected` seconds may take at most."""
    return expected * MARGIN


def until(what, expected, probe, pause=0.1, clock=time.monotonic, rest=time.sleep):
    """Calls `probe` until it answers with something true and returns that; fails after the limit for `expected` seconds."""
    end = clock() + limit(expected)
    while True:
        answer = probe()
        if answer:
            return answer
        if clock() >= end:
            raise Late(f"{what}: not within {limit(expected):.0f} s")
        rest(pause)
