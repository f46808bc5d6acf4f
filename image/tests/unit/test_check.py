"""`image/check` is shown failing: each line that it holds is spoilt once in a copy of the recipe."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

IMAGE = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = "overlay/etc/rauc/system.conf"
BUS = "overlay/usr/share/dbus-1/system.d/de.pengutronix.rauc.conf"
UNITS = "overlay/usr/lib/systemd/system"
# Check, file, what stands there, what stands there instead.
SPOILT = [
    ("offsets_agree", "overlay/etc/fw_env.config", "0x400000 0x4000", "0x400000 0x8000"),
    ("offsets_agree", "overlay/etc/fw_env.config", "0x800000 0x4000", "0x700000 0x4000"),
    ("slots_agree", "boot/env-common.txt", "BOOT_RESET=0", "BOOT_AGAIN=0"),
    ("update_is_strict", SYSTEM, "activate-installed=false", ""),
    ("update_is_strict", SYSTEM, "bundle-formats=verity", ""),
    ("update_is_strict", SYSTEM, "check-purpose=codesign", ""),
    ("update_is_strict", SYSTEM, "min-bundle-version=@VERSION@", ""),
    ("update_is_strict", SYSTEM, "data-directory=/data/rauc", ""),
    ("update_is_strict", BUS, '<deny send_destination="de.pengutronix.rauc"/>', ""),
    ("machine_is_closed", "overlay/usr/lib/sysctl.d/90-kiosk.conf", "kernel.sysrq = 0", "kernel.sysrq = 1"),
    ("machine_is_closed", "boot/uboot-common.config", "CONFIG_BOOTDELAY=-2", "CONFIG_BOOTDELAY=5"),
    ("machine_is_closed", "boot/env-common.txt", "usbcore.authorized_default=0 ", ""),
    ("machine_is_closed", "boot/env-common.txt", "module.sig_enforce=1 ", ""),
    ("machine_is_closed", "boot/env-pi.txt", "console=tty60", "console=ttyAMA0"),
    ("users_exist", f"{UNITS}/kiosk-engine.service", "User=kiosk-engine", "User=kiosk-nobody"),
    ("programs_exist", f"{UNITS}/kiosk-confirm.service", "/usr/lib/kiosk/gate", "/usr/lib/kiosk/gatte"),
    ("no_addresses", "packages.list", "\n", "\nhttps://archive.example.org\n"),
    ("no_keys", "packages.list", "\n", "\n-----BEGIN PRIVATE" + " KEY-----\n"),
]


class TheCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = pathlib.Path(folder.name) / "image"
        shutil.copytree(IMAGE, self.copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))

    def check(self, name):
        return subprocess.run([self.copy / "check", name], capture_output=True, text=True)

    def test_each_line_that_it_holds_is_missed_when_it_is_spoilt(self):
        for name, file, right, wrong in SPOILT:
            path = self.copy / file
            whole = path.read_text()
            self.assertIn(right, whole, (name, file))
            path.write_text(whole.replace(right, wrong, 1))
            spoilt = self.check(name)
            path.write_text(whole)
            self.assertEqual(spoilt.returncode, 1, f"{name} let pass {file} without {right!r}: {spoilt.stdout}")
            self.assertIn("0 passed, 1 failed", spoilt.stdout)
            self.assertEqual(self.check(name).returncode, 0, f"{name} is not good without the fault")


if __name__ == "__main__":
    unittest.main()
