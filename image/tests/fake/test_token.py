"""A signer whose key is made on a token and never leaves it, as production has it, on a token of software (SoftHSM).

The commands are those of `image/keys/token`, the bundle is made by the real `rauc` and judged by the machine's own keyring
rules. What a real token adds is its driver.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab.maker import Keys, Maker, call
from lab.waiting import Failed

TOKEN = pathlib.Path(__file__).resolve().parents[2] / "keys" / "token"
PIN = "4711"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def uri(name, pin=PIN):
    """The address of a key of the token, with the PIN that a person would type."""
    return f"pkcs11:token=test;object={name};type=private;pin-value={pin}"


class ASignerOnAToken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bianmin-token-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "tokens").mkdir()
        conf = cls.folder / "softhsm.conf"
        conf.write_text(f"directories.tokendir = {cls.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
                        encoding="ascii")
        kept = dict(os.environ)
        cls.addClassCleanup(lambda: (os.environ.clear(), os.environ.update(kept)))
        os.environ |= {"SOFTHSM2_CONF": str(conf), "PKCS11_MODULE_PATH": MODULE, "RAUC_PKCS11_MODULE": MODULE}
        call("softhsm2-util", "--init-token", "--free", "--label", "test", "--so-pin", "12345678", "--pin", PIN)
        for number, name in enumerate(("first", "second"), 1):
            call("pkcs11-tool", "--module", MODULE, "--token-label", "test", "--login", "--pin", PIN, "--keypairgen",
                 "--key-type", "rsa:2048", "--id", f"0{number}", "--label", name, "--usage-sign")
        cls.keys = Keys(cls.folder / "keys")
        cls.maker = Maker(cls.folder, cls.keys)

    def certificate(self, name):
        """What the offline machine makes of the token's request."""
        request, cert = self.folder / f"{name}.csr", self.folder / f"{name}.pem"
        call(TOKEN, "request", uri(name), f"Signer {name}", request)
        call(TOKEN, "certify", request, self.keys.ca, self.keys.folder / "authority.key", cert)
        return cert

    def test_the_machine_accepts_what_the_token_signed(self):
        bundle = self.maker.bundle("token", (self.certificate("first"), uri("first")))
        self.assertIsNone(self.maker.refused(bundle))

    def test_without_the_pin_nothing_is_signed(self):
        with self.assertRaises(Failed):
            self.maker.bundle("pin", (self.certificate("first"), uri("first", "0000")))

    def test_another_key_of_the_token_does_not_sign_under_this_certificate(self):
        with self.assertRaises(Failed):
            self.maker.bundle("mixed", (self.certificate("first"), uri("second")))

    def test_the_next_signer_needs_no_new_keyring(self):
        bundle = self.maker.bundle("next", (self.certificate("second"), uri("second")))
        self.assertIsNone(self.maker.refused(bundle))

    def test_the_key_cannot_be_read_out_of_the_token(self):
        out = self.folder / "stolen"
        said = subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", "test", "--login", "--pin", PIN,
                               "--read-object", "--type", "privkey", "--label", "first", "--output-file", out],
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertTrue(said.returncode != 0 or not out.exists() or out.stat().st_size == 0, said.stdout)
        listed = call("pkcs11-tool", "--module", MODULE, "--token-label", "test", "--login", "--pin", PIN,
                      "--list-objects", "--type", "privkey")[1]
        self.assertEqual(len(re.findall("never extractable", listed)), 2)


if __name__ == "__main__":
    unittest.main()
