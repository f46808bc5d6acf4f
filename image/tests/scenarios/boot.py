"""Starting: the real boot loader counting, and the time from kernel to the first frame that can be touched."""

import os
import pathlib
import subprocess

from lab import pixel
from lab.disk import Card
from lab.machine import make_overlay
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK

KERNEL = r"Starting kernel|Booting Linux"
# Inside the button of the idle page.
BEGIN = (540, 733)


def counting(stage):
    """The boot loader alone, on a card whose slots hold nothing."""
    raw = stage.run / "empty.img"
    raw.write_bytes(b"")
    os.truncate(raw, 512 << 20)
    table = "label: gpt\n" + "".join(f"start={32768 + 98304 * n},size=81920,name=boot_{slot}\n" for n, slot in enumerate("ab"))
    subprocess.run(["sfdisk", "-q", raw], input=table, text=True, check=True, timeout=30)
    card = make_overlay(stage.run / "empty.qcow2", raw)
    with stage.machine(card, devices=False, network=False) as machine:
        end, _, place = machine.console.wait("UBOOT-NO-SLOT", 60)
        tried = "".join(found[1] for _, found in machine.console.seen(r"UBOOT-SLOT (\w)"))
        machine.console.wait("UBOOT-SLOT A", 20, place)
    full = len(tried) // 2
    if full < 2 or tried != "A" * full + "B" * full:
        raise Failed(f"the slots were tried as {tried}")
    return f"{tried}, then all tries again, {end:.0f} s"


def first_frame(stage):
    """The system as shipped, with settings."""
    card = stage.overlay(stage.configured(), "first")
    stage.bench.line(True)
    with stage.machine(card) as machine:
        kernel, _, _ = machine.console.wait(KERNEL, 30)
        start = machine.console.now() - kernel
        machine.page(BOOT)
        shown = machine.console.now() - kernel
        machine.keep_picture(stage.picture("1-first-frame"))
        # The button of the idle page has the colour of the head; the page that says "starting" has not.
        picture = until("the idle page", BOOT, lambda: (p := machine.picture()) and p.at(150, 840) == p.at(5, 60) and p, 0.5)
        idle = machine.console.now() - kernel
        machine.keep_picture(stage.picture("1-idle"))

        def touched():
            machine.fingers.tap(*BEGIN)
            return machine.picture().difference(picture) > 0.05
        until("the first touch does something", 20, touched, pause=0.5)
        touchable = machine.console.now() - kernel
        machine.keep_picture(stage.picture("1-touched"))
        machine.console.wait(HEALTHY, BOOT, unless=SICK)
        healthy = machine.console.now() - kernel
    stage.figures["kernel to first frame, s"] = f"{shown:.1f}"
    stage.figures["kernel to the idle page, s"] = f"{idle:.1f}"
    stage.figures["kernel to a touch that acts, s"] = f"{touchable:.1f}"
    stage.figures["kernel to marked good, s"] = f"{healthy:.1f}"
    return f"frame after {shown:.1f} s, idle page after {idle:.1f} s, touch after {touchable:.1f} s, good after {healthy:.1f} s ({start:.0f} s waited)"


def one_pixel(stage):
    """The same kernel with a first program that paints one pixel."""
    folders = sorted((stage.out / "cache").glob("kernel-*"), key=lambda path: path.stat().st_mtime)
    if not folders:
        raise Failed("the build's cache holds no kernel")
    kernel, disk = pixel.make(folders[-1], stage.run / "pixel")
    card = stage.overlay(stage.plain(), "pixel")
    with stage.machine(card, devices=False, network=False,
                       direct=(kernel, disk, "console=ttyAMA0 panic=5 quiet loglevel=4")) as machine:
        seconds, _, _ = machine.console.wait("PIXEL-PAINTED", 20)
        # The emulator's screen follows the memory a moment later.
        until("the pixel", 5, lambda: machine.picture().at(0, 0) == (255, 255, 255))
        machine.keep_picture(stage.picture("1-one-pixel"))
    stage.figures["kernel to one pixel, s"] = f"{seconds:.1f}"
    touch = float(stage.figures.get("kernel to a touch that acts, s", 0))
    if touch:
        stage.figures["touch to pixel, times"] = f"{touch / seconds:.1f}"
    return f"{seconds:.1f} s"


def sizes(stage):
    """What the image weighs."""
    image = stage.plain()
    slot = stage.out / "slot"
    for name, path in (("root with hash tree", slot / "rootfs.img"), ("signed boot part", slot / "boot.img")):
        if pathlib.Path(path).exists():
            stage.figures[f"{name}, MB"] = f"{path.stat().st_size / 1e6:.1f}"
    stage.figures["image of a card, MB"] = f"{image.stat().st_size / 1e6:.0f} ({image.stat().st_blocks * 512 / 1e6:.0f} on disk)"
    names = set(Card(image).partitions())
    wanted = {"boot", "boot_a", "boot_b", "rootfs_a", "rootfs_b", "data"}
    if names != wanted:
        raise Failed(f"the card has {', '.join(sorted(names))}")
    state = Card(image).boot_state()
    if state.get("BOOT_ORDER") != "A B":
        raise Failed(f"a fresh card says {state}")
    return stage.figures["image of a card, MB"] + " MB"


SCENARIOS = scenarios(
    ("card", "the card has its partitions and its boot state", sizes),
    ("counting", "the real boot loader counts both slots down and begins again", counting),
    ("first-frame", "a provisioned card shows its first frame and a touch acts", first_frame),
    ("one-pixel", "the same kernel paints one pixel", one_pixel),
)
