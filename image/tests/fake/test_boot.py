"""The real boot script, counting."""

import re
import unittest

from fake.board import BOOT, VARIABLES, Board, Card, Rauc, built_in
from lab import disk, env
from lab.hush import NotUnderstood
from lab.maker import settings


def left(card):
    """BOOT_ORDER and both counters."""
    values = card.stored()
    return values["BOOT_ORDER"], values["BOOT_A_LEFT"], values["BOOT_B_LEFT"]


class TheBootScript(unittest.TestCase):
    def test_a_fresh_card_starts_slot_a_and_takes_one_try(self):
        card = Card()
        board = Board(card)
        self.assertEqual(board.power_on(), "A")
        full = int(built_in()["BOOT_A_LEFT"])
        self.assertEqual(left(card), ("A B", str(full - 1), str(full)))

    def test_tries_run_out_in_the_first_slot_then_in_the_second_then_all_are_given_back(self):
        for board_name in ("vm", "pi"):
            card = Card()
            board = Board(card, environment=built_in(board_name))
            full = int(board.environment["BOOT_A_LEFT"])
            slots = [board.power_on() for _ in range(2 * full)]
            self.assertEqual(slots, ["A"] * full + ["B"] * full, board_name)
            self.assertEqual(left(card)[1:], ("0", "0"))
            self.assertIsNone(board.power_on())
            self.assertEqual(left(card), ("A B", str(full), str(full)))
            self.assertEqual(board.power_on(), "A")

    def test_the_order_is_the_order(self):
        card = Card()
        board = Board(card)
        Rauc(card, board.environment).activate("B")
        self.assertEqual(board.power_on(), "B")

    def test_a_slot_outside_the_order_is_never_started(self):
        card = Card()
        board = Board(card)
        card.save({"BOOT_ORDER": "B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3", "BOOT_RESET": "0"})
        self.assertEqual({board.power_on() for _ in range(3)}, {"B"})
        self.assertIsNone(board.power_on())

    def test_nothing_but_the_boot_state_is_read_from_the_card(self):
        card = Card()
        board = Board(card)
        card.save({"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3", "bootcmd": "echo mine"})
        self.assertEqual(board.power_on(), "A")

    def test_two_damaged_copies_give_the_built_in_state(self):
        card = Card()
        for copy in card.copies:
            copy[:] = bytes(len(copy))
        self.assertEqual(Board(card).power_on(), "A")

    def test_a_boot_part_that_is_not_whole_is_refused_and_the_other_slot_starts(self):
        card = Card()
        card.parts["boot_a"][1] = "something else"
        board = Board(card)
        self.assertEqual(board.run()[0], "B")
        self.assertIn("UBOOT-REFUSED A", board.said)

    def test_values_that_make_no_sense_do_not_stop_a_machine(self):
        for order, a, b in (("", "3", "3"), ("C D", "3", "3"), ("A B", "", ""), ("A B", "x", "-1"), ("B B B", "1", "0"),
                            ("A;reset", "3", "3")):
            card = Card()
            card.save({"BOOT_ORDER": order, "BOOT_A_LEFT": a, "BOOT_B_LEFT": b})
            self.assertIsNotNone(Board(card).run(), (order, a, b))

    def test_a_script_that_counts_nothing_is_noticed(self):
        planted = dict(built_in())
        for name in ("try_A", "try_B"):
            planted[name] = planted[name].replace(" - 1", " - 0")
        card = Card()
        card.parts["root_a"][0] = "damaged"
        self.assertIsNone(Board(card, environment=planted).run(), "without counting, no machine comes back")
        self.assertIsNotNone(Board(card).run())

    def test_a_command_that_nobody_knows_stops_the_test(self):
        with self.assertRaises(NotUnderstood):
            Board(Card(), environment=built_in() | {"start": "fatload mmc 0 x"}).power_on()


class TheConfiguration(unittest.TestCase):
    """What several files say of the same thing is the same."""

    IMAGE = BOOT.parent

    def text(self, *names):
        return "\n".join((self.IMAGE / name).read_text(encoding="utf-8") for name in names)

    def test_u_boot_reads_back_the_boot_state_and_nothing_else(self):
        writable = re.search(r"^UBOOT_WRITABLE='(.*)'$", self.text("lib/uboot.sh"), re.MULTILINE)[1]
        names = [entry.split(":")[0] for entry in writable.split(",")]
        self.assertEqual(sorted(names), sorted(VARIABLES))
        self.assertIn("CONFIG_ENV_WRITEABLE_LIST=y", self.text("boot/uboot-common.config"))
        self.assertNotIn("CONFIG_ENV_WRITEABLE_LIST", self.text("boot/uboot-vm.config", "boot/uboot-pi.config"))

    def test_both_sides_look_for_the_boot_state_at_the_same_places(self):
        config = dict(re.findall(r"^(CONFIG_ENV\w+)=(0x\w+)$", self.text("boot/uboot-common.config"), re.MULTILINE))
        built = [(int(config[key], 16), int(config["CONFIG_ENV_SIZE"], 16))
                 for key in ("CONFIG_ENV_OFFSET", "CONFIG_ENV_OFFSET_REDUND")]
        lines = [line.split() for line in self.text("overlay/etc/fw_env.config").splitlines() if line.startswith("/dev")]
        self.assertEqual([(int(line[1], 16), int(line[2], 16)) for line in lines], built)
        self.assertEqual([place for place, _ in built], list(disk.ENV_PLACES))
        self.assertEqual(built[0][1], disk.ENV_SIZE)

    def test_every_slot_of_the_update_is_a_partition_that_the_boot_script_knows(self):
        conf = settings()
        slots = {name: conf[name] for name in conf.sections() if name.startswith("slot.")}
        parts = {slot["device"].rsplit("/", 1)[1] for slot in slots.values()}
        self.assertEqual(parts, {"boot_a", "boot_b", "rootfs_a", "rootfs_b"})
        for name, slot in slots.items():
            letter = slot["device"][-1].upper()
            self.assertEqual(slot.get("bootname") or slots[f"slot.{slot['parent']}"]["bootname"], letter, name)
            self.assertIn(f"boot_{letter.lower()}", built_in()[f"try_{letter}"])

    def test_a_fresh_slot_has_fewer_tries_than_one_that_was_good(self):
        first, later = int(settings()["system"]["boot-attempts-primary"]), int(settings()["system"]["boot-attempts"])
        self.assertTrue(2 <= first <= later)
        self.assertEqual(str(later), built_in()["BOOT_A_LEFT"])


class TheStoredEnvironment(unittest.TestCase):
    def test_what_is_packed_is_unpacked(self):
        values = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3"}
        self.assertEqual(env.unpack(env.pack(values, 7, 512)), (7, values))

    def test_every_flipped_bit_is_noticed(self):
        copy = bytearray(env.pack({"BOOT_ORDER": "A B"}, 7, 64))
        for place in range(len(copy) * 8):
            if place // 8 == 4:
                continue  # The count has no check sum of its own.
            copy[place // 8] ^= 1 << place % 8
            self.assertIsNone(env.unpack(bytes(copy)), place)
            copy[place // 8] ^= 1 << place % 8

    def test_the_later_copy_counts_also_past_255(self):
        def copy(count):
            return env.pack({"n": str(count)}, count, 64)
        self.assertEqual(env.newer(copy(3), copy(4)), 1)
        self.assertEqual(env.newer(copy(255), copy(0)), 1)
        self.assertEqual(env.newer(copy(0), copy(255)), 0)
        self.assertEqual(env.newer(copy(3), b"\xff" * 64), 0)


if __name__ == "__main__":
    unittest.main()
