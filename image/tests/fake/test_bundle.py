"""What the machine's keyring says of good and bad bundles, asked of the real `rauc` on this host.

The signature covers the manifest, the manifest holds the root of a hash tree over every block, and `rauc extract` checks
them all. Device mapper is not needed, so no slot is written here; that is done in the emulator.
"""

import os
import pathlib
import random
import shutil
import tempfile
import unittest

from lab.maker import Keys, Maker, call, manifest

FLIPS = int(os.environ.get("BIANMIN_BUNDLE_FLIPS", "120"))
LEGAL = int(os.environ.get("BIANMIN_BUNDLE_LEGAL", "100"))


class Bundles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bianmin-bundles-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.keys = Keys(cls.folder / "keys")
        cls.maker = Maker(cls.folder, cls.keys)
        cls.signer = cls.keys.leaf("signer")
        cls.good = cls.maker.bundle("good", cls.signer, root=bytes(range(256)) * 64)

    def bytes_as_bundle(self, data):
        changed = self.folder / "changed.raucb"
        changed.write_bytes(data)
        return changed

    def test_a_hundred_legal_bundles_are_accepted(self):
        dice = random.Random(1)
        for number in range(LEGAL):
            bundle = self.maker.bundle(f"legal-{number}", self.signer, version=f"2.{number}",
                                       root=dice.randbytes(dice.randrange(1, 3 * 4096)))
            self.assertIsNone(self.maker.refused(bundle, deep=number % 10 == 0), number)
            bundle.unlink()
            shutil.rmtree(self.folder / f"in-legal-{number}")

    def test_a_foreign_key_is_refused(self):
        foreign = Keys(self.folder / "foreign", "stranger")
        bundle = self.maker.bundle("foreign", foreign.leaf("signer"), keyring=foreign.ca)
        self.assertRegex(self.maker.refused(bundle), "(?i)verif")

    def test_a_certificate_for_another_purpose_is_refused(self):
        lax = self.folder / "lax.conf"
        lax.write_text(f"[system]\ncompatible=x\nbootloader=noop\n[keyring]\npath={self.keys.ca}\ncheck-purpose=any\n",
                       encoding="utf-8")
        bundle = self.maker.bundle("purpose", self.keys.leaf("server", "serverAuth"), conf=lax)
        self.assertRegex(self.maker.refused(bundle), "(?i)purpose")

    def test_a_bundle_for_another_machine_names_itself_and_so_does_an_older_one(self):
        other = self.maker.bundle("other", self.signer, compatible="some-other-machine", version="1")
        self.assertEqual(manifest(self.maker, other), ("some-other-machine", "1"))
        self.assertNotEqual(manifest(self.maker, other)[0], self.maker.compatible)

    def test_a_bundle_without_a_hash_tree_is_refused(self):
        place = self.folder / "in-plain"
        place.mkdir()
        (place / "rootfs.img").write_bytes(random.Random(3).randbytes(16384))
        (place / "manifest.raucm").write_text(
            f"[update]\ncompatible={self.maker.compatible}\nversion=9\n[bundle]\nformat=plain\n"
            "[image.rootfs]\nfilename=rootfs.img\n", encoding="utf-8")
        lax = self.folder / "plain.conf"
        lax.write_text(self.maker.conf.read_text(encoding="utf-8").replace("bundle-formats=verity\n", ""), encoding="utf-8")
        out, (cert, key) = self.folder / "plain.raucb", self.signer
        call("rauc", f"--conf={lax}", f"--cert={cert}", f"--key={key}", f"--keyring={self.keys.ca}", "bundle", place, out)
        self.assertRegex(self.maker.refused(out), "(?i)plain|format")

    def test_every_truncation_is_refused(self):
        data = self.good.read_bytes()
        lengths = {0, 1, 4095, 4096, len(data) // 2, len(data) - 4096, len(data) - 9, len(data) - 8, len(data) - 1}
        for length in sorted(lengths):
            self.assertIsNotNone(self.maker.refused(self.bytes_as_bundle(data[:length])), length)

    def test_a_flipped_bit_anywhere_is_refused(self):
        data = bytearray(self.good.read_bytes())
        dice = random.Random(7)
        edges = [0, 4, len(data) - 1, len(data) - 8, len(data) - 9]
        for place in edges + [dice.randrange(len(data)) for _ in range(FLIPS)]:
            bit = 1 << dice.randrange(8)
            data[place] ^= bit
            self.assertIsNotNone(self.maker.refused(self.bytes_as_bundle(data)), f"bit {bit} of byte {place}")
            data[place] ^= bit
        self.assertIsNone(self.maker.refused(self.bytes_as_bundle(data)))

    def test_the_signature_of_one_bundle_does_not_fit_another(self):
        second = self.maker.bundle("second", self.signer, root=b"another root", version="3")
        one, two = self.good.read_bytes(), second.read_bytes()
        size = int.from_bytes(two[-8:], "big")
        self.assertIsNotNone(self.maker.refused(self.bytes_as_bundle(one[:-8 - int.from_bytes(one[-8:], 'big')]
                                                                     + two[-8 - size:])))


if __name__ == "__main__":
    unittest.main()
