"""What the scenarios share: the built image, the bench, the server of bundles, cards that are made ready, kept states.

A card is made ready outside the machine, as a technician would with a card reader: provisioning files into its boot
partition, and for scenarios that have to ask the guest something, the image with the test agent into its first slot.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from lab import maker
from lab.agent import Agent
from lab.bundles import BundleServer
from lab.devices import BUNDLES, COUNTY, Bench
from lab.disk import Card
from lab.machine import Machine, clear, copy_card, make_overlay
from lab.waiting import Failed

TREE = pathlib.Path(__file__).resolve().parents[3]
IMAGE = TREE / "image"
SECRET = "5b7c1f0a9d3e4c628a71b0f4e2d9c6350718a4b3c2d1e0f9a8b7c6d5e4f30211"
# Seconds that a start takes on an idle machine of two cores, from power-on to the mark "good".
BOOT = 75
HEALTHY = r"KIOSK-HEALTHY (\S+) (\w)"
SICK = r"KIOSK-SICK (\S+) (\w)"
SITE = """\
# Written for a test.
[kiosk]
code = "K032"

[place]
city = "示例市"
city_en = "Shili City"
county = "示例县"
county_en = "Shili County"
county_code = "320699"
kind = "county"
town = "示例镇"
town_en = "Shili Town"
town_code = "320699101"
level = "town"

[place.window]
address = "示例镇示例路1号一楼大厅"
hours = "周一至周五 8:30–11:30 14:00–17:30"
phone = "0513-00000000"

[county]
url = "https://{address}"
app_id = "kiosk-demo-app"

[outbox]
backoff_first_s = 1
backoff_cap_s = 5
"""


class Stage:
    """Everything a scenario needs; `with Stage("short") as stage`."""

    def __init__(self, form):
        self.long = form == "long"
        self.out = pathlib.Path(os.environ.get("IMAGE_OUT", TREE / "target/image"))
        self.folder = self.out / "test"
        self.figures = {}
        self.kept = {}
        self._bench = self._server = None
        self._machines = 0

    def __enter__(self):
        for name in ("bianmin-vm.img", "u-boot-vm.bin", "vm.dtb"):
            if not (self.out / name).exists():
                raise SystemExit(f"image/test: {self.out / name} is not there; run image/build vm first")
        clear(self.folder)
        self.folder.mkdir(parents=True)
        # Paths of sockets are short by law, and a clone may lie deep.
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="bmt-"))
        return self

    def __exit__(self, *_):
        if self._bench:
            self._bench.close()
        if self._server:
            self._server.close()
        for log in self.run.rglob("*.log"):
            if log.stat().st_size:
                to = self.folder / "logs" / "-".join(log.relative_to(self.run).parts)
                to.parent.mkdir(exist_ok=True)
                shutil.copy(log, to)
        clear(self.run)

    @property
    def uboot(self):
        """Boot loader and device tree."""
        return self.out / "u-boot-vm.bin", self.out / "vm.dtb"

    @property
    def bench(self):
        """Devices and county, started at first use."""
        if self._bench is None:
            program = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target")) / "debug/kioskctl"
            if not program.exists():
                subprocess.run(["cargo", "build", "-q", "--locked", "--bin", "kioskctl"], cwd=TREE, check=True)
            self._bench = Bench(self.run / "bench", program, TREE / "ui/fonts")
        return self._bench

    @property
    def server(self):
        """The server of bundles."""
        if self._server is None:
            folder = self.run / "bundles"
            folder.mkdir()
            self._server = BundleServer(folder)
        return self._server

    def url(self, name):
        """Where the guest finds a bundle."""
        return f"http://{BUNDLES[0]}:{BUNDLES[1]}/{name}"

    def offer(self, bundle, name=None):
        """Puts a bundle on the server; returns its address for the guest."""
        name = name or pathlib.Path(bundle).name
        place = self.server.folder / name
        place.unlink(missing_ok=True)
        place.symlink_to(pathlib.Path(bundle).resolve())
        return self.url(name)

    def picture(self, name):
        """Where a picture is kept."""
        return self.folder / f"{name}.png"

    def machine(self, card, devices=True, network=True, **more):
        """A machine with this card; not yet switched on."""
        self._machines += 1
        ports = self.bench.ports if devices else {}
        forwards = self.bench.forwards | {BUNDLES: self.server.port} if network else {}
        return Machine(self.run / f"m{self._machines}", card, self.uboot, ports, forwards, secret=SECRET, **more)

    # Cards ------------------------------------------------------------------------------------------------------------

    def overlay(self, base, name):
        """A fresh overlay over a card."""
        path = self.run / f"{name}.qcow2"
        path.unlink(missing_ok=True)
        return make_overlay(path, base)

    def plain(self):
        """The image as it is shipped."""
        return self.out / "bianmin-vm.img"

    def provisioned(self):
        """The shipped image with provisioning files on its boot partition, once made."""
        path = self.run / "provisioned.img"
        if not path.exists():
            copy_card(self.plain(), path)
            self.provision(path)
        return path

    def provision(self, path):
        """Puts the files for this bench into the boot partition of a raw image."""
        offset, _ = Card(path).place("boot")
        site = self.run / "site.toml"
        site.write_text(SITE.format(address=COUNTY[0]), encoding="utf-8")
        files = {"site.toml": site, "county-ca.pem": self.bench.ca_file, "county-secret": self.bench.secret_file}
        at = f"{path}@@{offset}"
        subprocess.run(["mmd", "-D", "s", "-i", at, "::provision"], check=False, stderr=subprocess.DEVNULL,
                       stdin=subprocess.DEVNULL)
        for name, file in files.items():
            maker.call("mcopy", "-o", "-i", at, file, f"::provision/{name}")

    def lab(self):
        """The provisioned image whose two slots hold the system with the test agent, once made."""
        path = self.run / "lab.img"
        if not path.exists():
            copy_card(self.provisioned(), path)
            images = self.variant("agent")
            for slot in "ab":
                Card(path).fill(slot, images / "rootfs.img", images / "boot.img")
        return path

    def variant(self, name, kept_as=None, **options):
        """A folder with the images of a variant of the root and its bundle `bundle.raucb`; made by `image/lib/variant.sh`
        at first use and again when what goes in has changed. Options: version, compatible, keys."""
        kept_as = kept_as or name
        bundle, place = self.out / "variants" / f"{kept_as}.raucb", self.out / "variants" / f"{kept_as}.parts"
        words = [word for option, value in options.items() for word in (f"--{option}", str(value))]
        stamp = self._stamp(IMAGE / "tests/variants" / name, words)
        if not (place / "stamp").exists() or (place / "stamp").read_text(encoding="ascii") != stamp:
            command = [IMAGE / "lib/variant.sh", kept_as, "--overlay", IMAGE / "tests/variants" / name, *words]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, check=False, timeout=1200)
            if done.returncode:
                raise Failed(f"variant {kept_as}: {' '.join(done.stdout.split())[-200:]}")
            shutil.rmtree(place, ignore_errors=True)
            maker.call("unsquashfs", "-q", "-n", "-d", place, bundle)
            (place / "bundle.raucb").symlink_to(f"../{bundle.name}")
            (place / "stamp").write_text(stamp, encoding="ascii")
        return place

    def _stamp(self, overlay, words):
        """What a variant is made of, as a digest."""
        digest = hashlib.sha256(repr(words).encode())
        digest.update((self.out / "slot/root-hash").read_bytes())
        for path in sorted(overlay.rglob("*")):
            digest.update(str(path.relative_to(overlay)).encode())
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    # Kept states ------------------------------------------------------------------------------------------------------

    def served(self):
        """A card with the state "served" in it: the system with the agent, provisioned, in use, marked good, one
        application in the outbox that the county cannot take because the line is cut in this state."""
        if "served" not in self.kept:
            card = self.overlay(self.lab(), "served")
            machine = self.machine(card)
            with machine:
                machine.console.wait(HEALTHY, BOOT, unless=SICK)
                agent = self.agent(machine)
                agent.ok("systemctl is-active kiosk-engine kiosk-screen")
                machine.page()
                machine.save("served")
            self.kept["served"] = card
        return self.kept["served"]

    def from_served(self, name, **more):
        """A machine that goes on from the state "served" with a card of its own."""
        card = copy_card(self.served(), self.run / f"{name}.qcow2")
        return self.machine(card, snapshot="served", **more)

    @staticmethod
    def agent(machine):
        """The agent of a machine that runs."""
        return Agent(machine.port("test"))

    def status(self, agent):
        """What the engine says of itself."""
        return json.loads(agent.ok("kioskctl --json status --config /etc/kiosk/kiosk.toml"))


def version_of(place):
    """The version in the manifest beside a bundle."""
    return re.search(r"^version=(.*)$", (place / "manifest.raucm").read_text(encoding="utf-8"), re.MULTILINE)[1]
