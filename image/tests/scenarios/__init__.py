"""The scenarios of the emulated machine, in the order in which they run."""

from . import boot, chain, power, setup, update, visit
from .stage import Stage

__all__ = ["SCENARIOS", "Stage"]

SCENARIOS = [*boot.SCENARIOS, *setup.SCENARIOS, *visit.SCENARIOS, *update.SCENARIOS, *power.SCENARIOS,
             *chain.SCENARIOS]
