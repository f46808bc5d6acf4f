"""One emulated machine: the card in a throw-away overlay, a portrait touchscreen, serial ports, network, USB, watchdog.

Always plain emulation (never a hypervisor, even where its device node is there). The guest reaches what `forwards` names
and nothing else. Power is cut by killing the emulator: what the guest had written is on the card, what it had not is gone.
A booted state can be kept (`save`) and begun from again (`snapshot=`), so a scenario need not begin at power-on.
"""

import json
import pathlib
import shutil
import signal
import subprocess
import time

from .console import Console
from .memory import Memory, controller, put_back
from .picture import Picture
from .qmp import Qmp
from .touch import Fingers
from .waiting import Failed, until

SIZE = (1080, 1920)
# The serial ports of the board by their place on the bus, which udev turns into /dev/kiosk/NAME; the fourth is for tests.
PORTS = ("id-reader", "printer", "scanner", "test")
FIRST_PORT = 0x10
# Bytes; the emulator's cards have a size that is a power of two. The image is smaller and grows into it. With 1 GiB there would
# be less room for applications than the kiosk wants to see before it takes any.
CARD_SIZE = 2 << 30
# The board that the device tree of the image was made for (image/lib/disk.sh); its number of processors and its memory too.
BOARD = "virt-10.0,acpi=off,gic-version=2"
EMULATOR = "qemu-system-aarch64"


def make_overlay(overlay, base):
    """A card that begins as `base` (an overlay or a raw image) and keeps what is written for itself."""
    base = pathlib.Path(base).resolve()
    kind = "qcow2" if base.suffix == ".qcow2" else "raw"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", str(base), str(overlay)]
    if kind == "raw":
        command.append(str(CARD_SIZE))
    subprocess.run(command, check=True, timeout=60)
    return pathlib.Path(overlay)


class Machine:
    """A machine that can be switched on. Use as `with Machine(...) as machine`.

    `uboot` is the boot loader and the device tree with the public key. `ports` maps names of PORTS to paths of terminals; one that is not named is a socket, `machine.port(name)` opens it.
    `forwards` maps (address, port) of the guest's network to ports of this host's loopback.
    """

    def __init__(self, folder, card, uboot, ports=None, forwards=None, cpus=2, memory=1024, snapshot=None, clock=None,
                 secret=None, sticks=(), direct=None, extra=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.card, self.uboot, self.ports = pathlib.Path(card), uboot, dict(ports or {})
        self.forwards, self.cpus, self.memory, self.snapshot = dict(forwards or {}), cpus, memory, snapshot
        self.clock, self.secret, self.sticks, self.direct, self.extra = clock, secret, list(sticks), direct, list(extra)
        self.console = self.qmp = self.fingers = self._process = None
        self._shot = self.folder / "shot.ppm"
        self._opened, self._layers = {}, 0

    def command(self):
        """The command line of the emulator."""
        run = self.folder
        line = [EMULATOR, "-M", BOARD, "-cpu", "cortex-a72", "-accel", "tcg,thread=multi", "-smp", str(self.cpus),
                "-m", str(self.memory), "-display", "none", "-nodefaults", "-no-user-config", "-S",
                "-qmp", f"unix:{run}/qmp.sock,server=on,wait=off",
                "-chardev", f"socket,id=door,path={run}/door.sock,server=on,wait=off", "-gdb", "chardev:door",
                "-chardev", f"socket,id=console,path={run}/console.sock,server=on,wait=off", "-serial", "chardev:console"]
        if self.direct:
            line += ["-kernel", str(self.direct[0]), "-initrd", str(self.direct[1]), "-append", self.direct[2]]
        else:
            line += ["-bios", str(self.uboot[0]), "-dtb", str(self.uboot[1])]
        # A card has no cache that is lost with the power, so every write goes to the file at once, tables of the overlay
        # included ("no-flush" would keep the tables back). What makes that bearable is that the file lies in memory.
        line += ["-drive", f"if=none,id=sd,node-name=card,format=qcow2,file={self.card},discard=unmap,cache.writeback=off",
                 "-device", "sdhci-pci,id=sdhci,addr=0x3", "-device", "sd-card,drive=sd",
                 "-device", f"virtio-gpu-pci,id=gpu,xres={SIZE[0]},yres={SIZE[1]}",
                 "-device", "virtio-multitouch-pci,id=touch", "-device", "virtio-rng-pci",
                 "-device", "i6300esb", "-action", "watchdog=reset",
                 "-device", "qemu-xhci,id=usb",
                 "-netdev", ",".join(["user,id=net,restrict=on", *self._forwards()]),
                 "-device", "virtio-net-pci,netdev=net,romfile="]
        for number, name in enumerate(PORTS):
            path = self.ports.get(name)
            how = f"serial,path={path}" if path else f"socket,path={run}/{name}.sock,server=on,wait=off"
            line += ["-chardev", f"{how.split(',')[0]},id=port-{name},{how.split(',', 1)[1]}",
                     "-device", f"pci-serial,chardev=port-{name},addr={FIRST_PORT + number:#x}"]
        for number, stick in enumerate(self.sticks):
            line += ["-blockdev", f"driver=raw,node-name=stick{number},read-only=on,file.driver=file,file.filename={stick}",
                     "-device", f"usb-storage,id=usb-stick{number},drive=stick{number},bus=usb.0,removable=on"]
        if self.secret:
            line += ["-fw_cfg", f"name=opt/bianmin/device-secret,string={self.secret}"]
        if self.clock:
            line += ["-rtc", f"base={self.clock}"]
        if self.snapshot:
            line += ["-loadvm", self.snapshot]
        return line + self.extra

    def _forwards(self):
        return [f"guestfwd=tcp:{address}:{port}-cmd:socat - TCP4:127.0.0.1:{host}"
                for (address, port), host in self.forwards.items()]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """Switches on. The console is read from its first byte."""
        for name in ("qmp", "console", "door", *PORTS):
            (self.folder / f"{name}.sock").unlink(missing_ok=True)
        with (self.folder / "emulator.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("the emulator answers", 10, self._answers)
        self.qmp = Qmp(self.folder / "qmp.sock")
        self.console = Console(self.folder / "console.sock", self.folder / "console.log")
        self.fingers = Fingers(self.qmp, SIZE)
        if not self.ports.get("test"):
            self.port("test")
        if self.snapshot:
            kept = json.loads(registers_of(self.card, self.snapshot).read_text(encoding="ascii"))
            self._at_door(lambda memory: put_back(memory, kept))
        self.qmp.call("cont", expected=60)

    def _at_door(self, action):
        memory = Memory(self.folder / "door.sock")
        try:
            return action(memory)
        finally:
            memory.close()

    def _answers(self):
        if self._process.poll() is not None:
            said = (self.folder / "emulator.log").read_text(encoding="utf-8", errors="replace").splitlines()
            raise Failed("the emulator ended: " + (said[-1] if said else "without a word"))
        return (self.folder / "qmp.sock").exists() and (self.folder / "console.sock").exists()

    def port(self, name):
        """The console of a port that is a socket, opened once."""
        if name not in self._opened:
            self._opened[name] = Console(self.folder / f"{name}.sock", self.folder / f"{name}.log")
        return self._opened[name]

    def kill(self):
        """Cuts the power, at once and whatever runs. The card stays as it is."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process = None
        for console in [self.console, *self._opened.values()]:
            if console:
                console.close()
        self._opened.clear()
        if self.qmp:
            self.qmp.close()

    def running(self):
        """Whether the emulator is there."""
        return self._process is not None and self._process.poll() is None

    def reset(self):
        """Presses the reset button."""
        self.qmp.call("system_reset")

    def save(self, name):
        """Keeps the whole state, memory included, in the card's overlay; the machine is off afterwards."""
        self.qmp.call("stop")
        kept = self._at_door(controller)
        registers_of(self.card, name).write_text(json.dumps(kept), encoding="ascii")
        self.qmp.job("snapshot-save", expected=60, tag=name, vmstate="card", devices=["card"])
        self.qmp.call("quit")
        self._process.wait(timeout=60)
        self.kill()

    def layer(self, path):
        """From here on the card's writes go to a new overlay; what lay on it at this moment stays as it is. `path` is new."""
        self._layers += 1
        self.qmp.call("blockdev-snapshot-sync", **{"node-name": self._top(), "snapshot-file": str(path), "format": "qcow2",
                                                   "snapshot-node-name": f"layer{self._layers}"})

    def _top(self):
        return "card" if self._layers == 1 else f"layer{self._layers - 1}"

    def picture(self):
        """What the screen shows."""
        self.qmp.call("screendump", filename=str(self._shot), device="gpu", expected=20)
        return Picture.from_ppm(self._shot.read_bytes())

    def keep_picture(self, path):
        """Keeps what the screen shows as PNG and returns it."""
        picture = self.picture()
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.png())
        return picture

    def plug_stick(self, image, name="stick"):
        """Plugs a USB stick in."""
        self.qmp.call("blockdev-add", **{"driver": "raw", "node-name": name, "read-only": True,
                                         "file": {"driver": "file", "filename": str(image)}})
        self.qmp.call("device_add", driver="usb-storage", id=f"usb-{name}", drive=name, bus="usb.0")

    def page(self, expected=60, since=None):
        """Waits until the screen shows a page of ours (and, with `since`, another one than that); returns the picture."""
        def look():
            picture = self.picture()
            fits = picture.is_a_page() and (since is None or picture.difference(since) > 0.01)
            return picture if fits else None
        return until("a page on the screen", expected, look, pause=0.5)


def registers_of(card, state):
    """The file beside a card with what a state kept in it forgets."""
    return card.with_name(f"{card.name}.{state}.json")


def copy_card(card, to):
    """A copy of a card with the states kept in it. Holes stay holes."""
    card, to = pathlib.Path(card), pathlib.Path(to)
    for file in card.parent.glob(f"{card.name}.*.json"):
        shutil.copy(file, to.with_name(to.name + file.name.removeprefix(card.name)))
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", str(card), str(to)], check=True, timeout=120)
    return pathlib.Path(to)


def clear(folder):
    """Removes a folder of a machine that is off."""
    shutil.rmtree(folder, ignore_errors=True)


def seconds(function):
    """Runs a function and returns (seconds, what it returned)."""
    start = time.monotonic()
    answer = function()
    return time.monotonic() - start, answer
