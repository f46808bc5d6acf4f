"""What a USB device is, told by its descriptors alone: the program that udev asks before any driver has seen the device."""

import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "overlay/usr/lib/kiosk/usb-kind"


def device(*interfaces, device_class=0):
    """Descriptors of a device: itself, one configuration, and interfaces as (class, subclass, protocol)."""
    own = bytes([18, 1, 0, 2, device_class, 0, 0, 64, 0x86, 0x1A, 0x23, 0x75, 0, 1, 0, 0, 0, 1])
    rest = b"".join(
        bytes([9, 4, number, 0, 1, *kind, 0]) + bytes([7, 5, 0x81 + number, 3, 8, 0, 10])
        for number, kind in enumerate(interfaces)
    )
    total = 9 + len(rest)
    return own + bytes([9, 2, total & 255, total >> 8, len(interfaces), 1, 0, 0x80, 50]) + rest


KEYBOARD, MOUSE, TOUCH = (3, 1, 1), (3, 1, 2), (3, 0, 0)
DISK, VENDOR, CDC, CDC_DATA, HUB = (8, 6, 80), (255, 1, 2), (2, 2, 1), (10, 0, 0), (9, 0, 0)


class Kinds(unittest.TestCase):
    def kind(self, descriptors):
        with tempfile.NamedTemporaryFile() as file:
            file.write(descriptors)
            file.flush()
            return subprocess.run([PROGRAM, file.name], capture_output=True, text=True, check=True).stdout.strip()

    def test_what_belongs_to_a_kiosk_is_told(self):
        for expected, interfaces in [
            ("touch", [TOUCH]), ("touch", [TOUCH, MOUSE]), ("stick", [DISK]), ("serial", [VENDOR]),
            ("serial", [CDC, CDC_DATA]), ("serial", [VENDOR, VENDOR]), ("hub", [HUB]),
        ]:
            self.assertEqual(self.kind(device(*interfaces)), expected, interfaces)

    def test_a_keyboard_behind_any_other_face_is_none_of_them(self):
        for face in [TOUCH, DISK, VENDOR, CDC, CDC_DATA, HUB]:
            for interfaces in [[face, KEYBOARD], [KEYBOARD, face]]:
                # Also where the device as a whole says that it is a hub.
                for device_class in [0, 9]:
                    told = self.kind(device(*interfaces, device_class=device_class))
                    self.assertEqual(told, "other", (interfaces, device_class))

    def test_mixed_and_foreign_classes_are_none_of_them(self):
        foreign = [(1, 1, 0), (2, 6, 0), (2, 13, 0), (6, 1, 1), (7, 1, 2), (11, 0, 0), (13, 0, 0), (14, 1, 0),
                   (15, 0, 0), (16, 1, 0), (220, 1, 1), (224, 1, 1), (224, 1, 3), (239, 2, 1), (254, 1, 1), (8, 6, 1)]
        for kind in foreign:
            self.assertEqual(self.kind(device(kind)), "other", kind)
        for pair in [[DISK, TOUCH], [DISK, VENDOR], [HUB, DISK], [TOUCH, CDC]]:
            self.assertEqual(self.kind(device(*pair)), "other", pair)

    def test_nothing_and_nonsense_are_none_of_them(self):
        for descriptors in [b"", b"\0" * 40, device(TOUCH)[:18], device(TOUCH) + b"\0\x04"]:
            self.assertEqual(self.kind(descriptors), "other", descriptors)


if __name__ == "__main__":
    unittest.main()
