"""Power cuts at every write of an install and at every change of a boot variable.

One cut after each single write, then cuts in pairs (the second one hits the start after the first). Whatever is cut: the
machine ends in a version that is wholly the old or wholly the new one, within the tries there are, and the outbox is as
it was. Sick updates are cut in the same way and always end in the old version.
"""

import os
import random
import unittest

from fake.board import COPY, SECTOR, Board, Card, PowerCut, Rauc
from lab import env

# Pairs of cuts drawn at random; the long form raises it.
PAIRS = int(os.environ.get("BIANMIN_POWER_PAIRS", "600"))
OUTBOX = ["K032-000001", "K032-000002"]


def life(card, board, health_of_new=True, order_first=False):
    """An update from power-on to power-on: start, install into the other slot, start again."""
    slot, _, _ = board.run()
    other = "B" if slot == "A" else "A"
    Rauc(card, board.environment).install(other, "new", order_first)
    return board.run()


def cut(after, again=None, sick=False, running="A", order_first=False):
    """One life with a cut after so many writes, perhaps a second one later; what runs in the end, and the card."""
    card = Card("old", OUTBOX)
    board = Board(card, health=lambda version: version == "old" or not sick)
    # A card is shipped with its boot state; from then on no cut may leave it without one.
    card.save({"BOOT_ORDER": "A B", "BOOT_A_LEFT": "4", "BOOT_B_LEFT": "4", "BOOT_RESET": "0"})
    if running == "B":
        Rauc(card, board.environment).activate("B")
    card.writes = 0
    card.cut_after = after
    try:
        end = life(card, board, order_first=order_first)
        return end, card, False
    except PowerCut:
        if not card.stored():
            raise AssertionError(f"a cut after {after} writes lost the boot state") from None
    if again is not None:
        card.cut_after = card.writes + again
        try:
            return board.run(), card, True
        except PowerCut:
            pass
    card.cut_after = None
    return board.run(), card, True


class PowerCuts(unittest.TestCase):
    def whole(self, end, card, case, allowed):
        self.assertIsNotNone(end, f"nothing starts any more: {case}")
        _, version, starts = end
        self.assertIn(version, allowed, case)
        self.assertLessEqual(starts, 12, case)
        self.assertEqual(card.outbox, OUTBOX, case)

    def test_after_every_single_write_the_old_or_the_new_version_runs(self):
        for running in "AB":
            versions, after, was_cut = set(), 0, True
            while was_cut:
                end, card, was_cut = cut(after, running=running)
                self.whole(end, card, (running, after), ("old", "new"))
                versions.add(end[1])
                after += 1
            self.assertEqual(versions, {"old", "new"})
            self.assertGreater(after, 30, "an install is more than thirty writes here")

    def test_a_sick_update_ends_in_the_old_version_wherever_it_is_cut(self):
        after, was_cut = 0, True
        while was_cut:
            end, card, was_cut = cut(after, sick=True)
            self.whole(end, card, after, ("old",))
            after += 1

    def test_two_cuts_are_survived_as_well(self):
        dice = random.Random(20261124)
        for _ in range(PAIRS):
            after, again, running = dice.randrange(60), dice.randrange(20), dice.choice("AB")
            end, card, _ = cut(after, again, running=running)
            self.whole(end, card, (after, again, running), ("old", "new"))

    def test_one_environment_copy_alone_would_be_noticed(self):
        """Without the second copy a cut inside a saving loses the state."""
        class OneCopy(Card):
            def save(self, values):
                data = env.pack(values, 1, COPY)
                for number in range(COPY // SECTOR):
                    self.write_sector(0, number, data[number * SECTOR:(number + 1) * SECTOR])

        lost = 0
        for after in range(60):
            card = OneCopy("old", OUTBOX)
            card.save({"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3"})
            card.writes, card.cut_after = 0, after
            try:
                life(card, Board(card))
            except PowerCut:
                lost += not card.stored()
        self.assertGreater(lost, 0)

    def test_a_slot_made_first_before_it_is_written_would_be_noticed(self):
        longer = 0
        for after in range(60):
            end, card, was_cut = cut(after, order_first=True)
            if was_cut and end and end[2] > 1:
                longer += 1
        self.assertGreater(longer, 0, "a half-written slot was tried before the old one came back")


if __name__ == "__main__":
    unittest.main()
