"""What the scenarios share: the built image, the bench, the server of bundles, cards that are made ready, kept states.

Images for tests are variants of the root that was built (`image/lib/variant.sh`): "configured" has the settings of one kiosk
and the keys of the stand-in county in its root; "agent" has a unit that answers orders, and gets its settings from a prepared
card; the broken ones are "agent" with a fault. They are put into the slots of a copy of the card outside the machine, as a
technician would with a card reader. Cards and booted states are kept in target/image/test-kept under a digest of what they are
made of, so that the next run goes on from them.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from lab import maker
from lab.agent import Agent
from lab.bundles import BundleServer
from lab.devices import BUNDLES, COUNTY, Bench
from lab.disk import Card
from lab.machine import Machine, clear, copy_card, make_overlay
from lab.waiting import Failed, until

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
ca_file = "/usr/lib/bianmin-test/ca.pem"
secret_file = "/usr/lib/bianmin-test/secret"

[seal]
county_key_file = "/usr/lib/bianmin-test/seal.pem"

"""
# What is waited for in every test, shorter.
SOON = """\
# Written for a test.
[outbox]
backoff_first_s = 1
backoff_cap_s = 5
"""
# Bytes that the cards of a run may take together.
ROOM = 6 << 30
# Changes when the state "served" is made in another way.
SERVED = 1


class Stage:
    """Everything a scenario needs; `with Stage("short") as stage`."""

    def __init__(self, form, fresh=True):
        """`fresh`: what an earlier run kept to look at goes first."""
        self.long, self.fresh = form == "long", fresh
        self.out = pathlib.Path(os.environ.get("IMAGE_OUT", TREE / "target/image"))
        self.folder = self.out / "test"
        self.figures = {}
        self.kept_in = self.out / "test-kept"
        self._bench = self._server = None
        self._machines = 0

    def __enter__(self):
        for name in ("bianmin-vm.img", "u-boot-vm.bin", "vm.dtb"):
            if not (self.out / name).exists():
                raise SystemExit(f"image/test: {self.out / name} is not there; run image/build vm first")
        if self.fresh:
            clear(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # Paths of sockets are short by law, and a clone may lie deep. Cards write through, so they lie in memory if they can.
        memory = pathlib.Path("/dev/shm")
        fits = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="bmt-", dir=memory if fits else None))
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
            self._bench = Bench(self.run / "bench", program, TREE / "ui/fonts", self.out / "test-county",
                                self.out / "keys/enrolment.key")
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

    def filled(self, variant, prepared=False):
        """The shipped card with a variant in both slots, once made; with `prepared` also with a prepared card on it."""
        images = self.variant(variant)
        stamp = hashlib.sha256(((images / "stamp").read_text(encoding="ascii") + self._firmware()).encode()).hexdigest()[:12]
        place = self.kept_in / f"{variant}-{stamp}"
        path = place / "card.img"
        if not path.exists():
            for old in self.kept_in.glob(f"{variant}-*"):
                shutil.rmtree(old)
            place.mkdir(parents=True)
            made = copy_card(self.plain(), place / "making.img")
            for slot in "ab":
                Card(made).fill(slot, images / "rootfs.img", images / "boot.img")
            if prepared:
                self.prepare(made)
            made.rename(path)
        return path

    def prepare(self, card):
        """Puts the prepared card of a machine onto the boot partition, as somebody with a card reader does."""
        place = pathlib.Path(tempfile.mkdtemp(dir=self.run))
        file, _ = self.bench.prepared(place)
        offset, _ = Card(card).place("boot")
        maker.call("mcopy", "-o", "-i", f"{card}@@{offset}", file, "::provision/")

    def _firmware(self):
        """What the cards start with, as a digest."""
        return hashlib.sha256(b"".join(file.read_bytes() for file in self.uboot)).hexdigest()

    def configured(self):
        """The system as shipped with settings in its root: nothing in it obeys a test."""
        return self.filled("configured")

    def lab(self):
        """The system with the test agent, on a card that is prepared."""
        return self.filled("agent", prepared=True)

    def _lay_over(self, name, kept_as):
        """The folder that is laid over the root: settings or agent, then the files of the variant."""
        place = self.out / "variants" / "overlays" / kept_as
        shutil.rmtree(place, ignore_errors=True)
        settings = place / "etc/kiosk/kiosk.toml.d"
        settings.mkdir(parents=True)
        (settings / "40-soon.toml").write_text(SOON, encoding="utf-8")
        if name == "configured":
            (settings / "50-site.toml").write_text(SITE.format(address=COUNTY[0]), encoding="utf-8")
            files = place / "usr/lib/bianmin-test"
            files.mkdir(parents=True)
            bench = self.bench
            for to, file in (("ca.pem", bench.ca_file), ("secret", bench.secret_file), ("seal.pem", bench.seal_file)):
                shutil.copy(file, files / to)
                (files / to).chmod(0o644)
            return place
        variants = IMAGE / "tests/variants"
        for folder in ["agent"] if name == "agent" else ["agent", "sick", name]:
            shutil.copytree(variants / folder, place, symlinks=True, dirs_exist_ok=True)
        return place

    def variant(self, name, kept_as=None, bundled=False, **options):
        """A folder with the images of a variant of the root and, if wanted, its bundle `bundle.raucb`; made by
        `image/lib/variant.sh` at first use and again when what goes in has changed. Options: version, compatible, keys."""
        kept_as = kept_as or name
        bundle, place = self.out / "variants" / f"{kept_as}.raucb", self.out / "variants" / f"{kept_as}.parts"
        words = [word for option, value in options.items() for word in (f"--{option}", str(value))]
        overlay = self._lay_over(name, kept_as)
        stamp = self._stamp(overlay, words + ["bundle"] * bundled)
        if not (place / "stamp").exists() or (place / "stamp").read_text(encoding="ascii") != stamp:
            command = [IMAGE / "lib/variant.sh", kept_as, "--overlay", overlay, *words, *["--parts"] * (not bundled)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, check=False, timeout=1200)
            if done.returncode:
                raise Failed(f"variant {kept_as}: {' '.join(done.stdout.split())[-200:]}")
            if bundled:
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
        """A card with the state "served" in it: the system with the agent, set up by its prepared card, in use, called good with
        all its devices, one application in the outbox that the county cannot take because the line is cut in this state."""
        base = self.lab()
        place = base.with_name(f"served-{SERVED}")
        card = place / "card.qcow2"
        if not card.exists():
            shutil.rmtree(place, ignore_errors=True)
            making = self.run / "serving"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            self._serve(make_overlay(making / "card.qcow2", base))
            place.mkdir()
            copy_card(making / "card.qcow2", place / "new.qcow2")
            shutil.rmtree(making)
            for file in sorted(place.glob("new.qcow2*"), reverse=True):
                file.rename(place / file.name.replace("new", "card", 1))
        self.bench.line(False)
        return card

    def _serve(self, card):
        from .visit import leave_one
        self.bench.line(True)
        with self.machine(card) as machine:
            machine.console.wait(HEALTHY, 2 * BOOT, unless=SICK)
            agent = self.agent(machine)
            agent.ready()
            self.settled(agent, expected=90)
            machine.page()
            self.bench.line(False)
            until("the engine notices that the line is cut", 60, lambda: not self.status(agent)["county_reachable"], 1)
            # What works now is what the next image is measured by; the line was down before it, too.
            agent.ok("systemctl restart kiosk-confirm && systemctl start kiosk-agent", 60)
            good = json.loads(agent.ok("cat /data/kiosk/update/last-good.json"))
            if not good["served"] or good["county"] or sorted(good["devices"].values()) != [True] * 3:
                raise Failed(f"what works is remembered as {good}")
            leave_one(self, machine)
            until("one application waits", 30, lambda: self.status(agent)["waiting"] == 1, 0.5)
            until("the visit is over", 60, lambda: not self.status(agent)["in_use"], 1)
            agent.ok("sync")
            machine.save("served")

    def settled(self, agent, expected=60):
        """Waits until the kiosk serves: set up, store open, devices there, county reached."""
        def serves():
            said = self.asked(agent)
            access = said.get("access", {})
            return said.get("store") == "good" and said.get("county_reachable") and len(access) == 3 and set(
                access.values()) == {"opened"}
        until("the kiosk serves with its devices and its county", expected, serves, 1)

    def from_served(self, name, **more):
        """A machine that goes on from the state "served" with a card of its own."""
        card = copy_card(self.served(), self.run / f"{name}.qcow2")
        return self.machine(card, snapshot="served", **more)

    @staticmethod
    def agent(machine):
        """The agent of a machine that runs."""
        return Agent(machine.port("test"))

    @staticmethod
    def asked(agent):
        """What the engine says of itself; nothing when it does not answer."""
        code, said = agent.run("kioskctl --json status --config /etc/kiosk/kiosk.toml")
        try:
            return json.loads(said) if code == 0 else {}
        except ValueError:
            return {}

    def status(self, agent):
        """What the engine says of itself; it must answer."""
        return json.loads(agent.ok("kioskctl --json status --config /etc/kiosk/kiosk.toml"))
