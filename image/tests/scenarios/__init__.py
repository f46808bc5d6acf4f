"""The scenarios of the emulated machine, in the order in which they run."""

from . import boot, chain, display, power, setup, update, verity, visit
from .stage import Stage

__all__ = ["SCENARIOS", "Stage"]

SCENARIOS = [*boot.SCENARIOS, *setup.SCENARIOS, *visit.SCENARIOS, *verity.SCENARIOS, *update.SCENARIOS, *power.SCENARIOS,
             *chain.SCENARIOS, *display.SCENARIOS]
