"""Makes small update bundles on the host with the real `rauc`, under keys that are thrown away.

The keyring rules are those of the machine's own `system.conf`; only the certificate file and the paths that exist on no host
are replaced. Needs `rauc` and `openssl`.
"""

import configparser
import pathlib
import random
import re
import subprocess

from .waiting import Failed

SYSTEM_CONF = pathlib.Path(__file__).resolve().parents[2] / "overlay" / "etc" / "rauc" / "system.conf"


def call(*command, cwd=None, check=True):
    """Runs a program; returns (code, both outputs). A failure is one line when `check` is set."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=240, check=False)
    if check and done.returncode != 0:
        last = [line for line in done.stdout.splitlines() if line.strip()][-1:]
        raise Failed(f"{pathlib.Path(str(command[0])).name}: {' '.join(last)}")
    return done.returncode, done.stdout


class Keys:
    """An authority and leaf certificates under it, made in `folder`."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.ca, self._ca_key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN=Test {name}",
             "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
             "-keyout", self._ca_key, "-out", self.ca)

    def leaf(self, name, purpose="codeSigning"):
        """Certificate and key of a signer with this extended purpose."""
        request, key, cert = (self.folder / f"{self.name}-{name}.{end}" for end in ("csr", "key", "crt"))
        rules = self.folder / f"{self.name}-{name}.ext"
        rules.write_text(f"basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage={purpose}\n",
                         encoding="ascii")
        call("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=Test {name}", "-keyout", key, "-out", request)
        call("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._ca_key, "-CAcreateserial", "-days",
             "3650", "-extfile", rules, "-out", cert)
        return cert, key


def settings():
    """The machine's `system.conf`, read."""
    conf = configparser.ConfigParser(strict=False, interpolation=None)
    conf.optionxform = str
    if not conf.read(SYSTEM_CONF, encoding="utf-8"):
        raise Failed("image/overlay/etc/rauc/system.conf is not there")
    return conf


class Maker:
    """Bundles of small images, and what a keyring says of them."""

    def __init__(self, folder, keys):
        self.folder, self.keys = pathlib.Path(folder), keys
        real = settings()
        self.compatible = real["system"]["compatible"]
        self.conf = self.folder / "host.conf"
        rules = "".join(f"{key}={value}\n" for key, value in real["keyring"].items() if key not in ("path", "directory"))
        formats = real["system"].get("bundle-formats")
        self.conf.write_text(
            f"[system]\ncompatible={self.compatible}\nbootloader=noop\n"
            + (f"bundle-formats={formats}\n" if formats else "")
            + f"[keyring]\npath={keys.ca}\n{rules}", encoding="utf-8")

    def bundle(self, name, signer, compatible=None, version="2", root=b"root", boot=b"boot", keyring=None, conf=None,
               meta=""):
        """Makes one bundle and returns its file. Each image is the given bytes and some noise, in whole blocks. `meta` is a
        further section of the manifest."""
        place = self.folder / f"in-{name}"
        place.mkdir()
        for part, data in (("rootfs", root), ("boot", boot)):
            # What cannot be packed makes the bundle larger than the one block that RAUC calls too small.
            (place / f"{part}.img").write_bytes((data + random.Random(part).randbytes(8192)).ljust(
                -(-len(data) // 4096) * 4096 + 8192, b"\0"))
        (place / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible or self.compatible}\nversion={version}\n[bundle]\nformat=verity\n"
            + meta + "[image.rootfs]\nfilename=rootfs.img\n[image.boot]\nfilename=boot.img\n", encoding="utf-8")
        out = self.folder / f"{name}.raucb"
        out.unlink(missing_ok=True)
        cert, key = signer
        call("rauc", f"--conf={conf or self.conf}", f"--cert={cert}", f"--key={key}", f"--keyring={keyring or self.keys.ca}",
             "bundle", place, out)
        return out

    def refused(self, bundle, deep=True):
        """None if the machine's keyring accepts the bundle (`deep`: and every block of it); else the reason, one line."""
        code, said = call("rauc", f"--conf={self.conf}", "info", bundle, check=False)
        if code == 0 and deep:
            out = self.folder / "out"
            call("rm", "-rf", out)
            code, said = call("rauc", f"--conf={self.conf}", "extract", bundle, out, check=False)
            call("rm", "-rf", out)
        return None if code == 0 else reason(said)


def reason(said):
    """The line of RAUC's output that tells why."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"(?i)fail|error|invalid|mismatch|not |unsuit|unsupported|corrupt", line)]
    return (telling or lines or ["no word"])[-1]


def manifest(maker, bundle):
    """(compatible, version) of a bundle that the keyring accepts, as RAUC tells them."""
    _, said = call("rauc", f"--conf={maker.conf}", "info", "--output-format=shell", bundle)
    found = dict(re.findall(r"^(RAUC_MF_\w+)='?(.*?)'?$", said, re.MULTILINE))
    return found["RAUC_MF_COMPATIBLE"], found["RAUC_MF_VERSION"]
