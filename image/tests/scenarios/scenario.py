"""One scenario: a short name for the command line, a sentence for the table, and a function of the stage.

The function returns what was seen, in a few words, or raises `Failed` with what was not.
"""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A line of the table."""

    name: str
    title: str
    play: typing.Callable


def scenarios(*rows):
    """Scenarios from (name, title, function) rows."""
    return [Scenario(*row) for row in rows]
