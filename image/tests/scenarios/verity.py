"""Whether the installer of this root understands this kernel: it opens a bundle through the device mapper, and nothing else runs.

RAUC 1.13 takes what a kernel of 7.1 and later says of dm-verity for a damaged bundle and would install nothing; so kernel and
RAUC are chosen together (`image/lib/rauc.sh`), and this looks whether they fit. The whole install is the business of `update`.
A memory disk holds busybox, the root's own `rauc` with its libraries, the modules and a small bundle; it takes seconds.
"""

import hashlib
import json
import lzma
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

from lab import pixel
from lab.maker import Keys, Maker, call
from lab.waiting import Failed

from .scenario import scenarios
from .stage import IMAGE

SIZE = 200 * 4096
MODULES = ("loop", "squashfs", "dm-verity")
APPLETS = ("sh", "mount", "umount", "mkdir")
SCRIPT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/list
exec >/dev/console 2>&1
rauc --conf=/system.conf mount /bundle.raucb
code=$?
echo "RAUC-OPENED $code $(/bin/busybox sha256sum </mnt/bundle/rootfs.img | /bin/busybox cut -c1-64)"
/bin/busybox sleep 1000000
"""


def libraries(root, program):
    """The shared libraries of a program of the root, as paths in it; found as the build finds those of its initrd."""
    said = subprocess.run(["bash", "-c", '. "$1/lib/common.sh"; . "$1/lib/initrd.sh"; libraries "$2" "$3"', "-", IMAGE, root,
                           program], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    return said.split()


def kernel_of(stage):
    """The kernel of the built image in the build's cache."""
    release = json.loads((stage.out / "manifest.json").read_text(encoding="utf-8"))["kernel"]
    for folder in sorted((stage.out / "cache").glob("kernel-*")):
        if (folder / "release").read_text(encoding="ascii").strip() == release:
            return folder
    raise Failed(f"the build's cache holds no kernel {release}")


def made(maker, keys, into):
    """A bundle with one image of noise, packed the way the build packs it."""
    packing = re.search("--mksquashfs-args='(.*?)'", (IMAGE / "lib/bundle.sh").read_text(encoding="utf-8"))[1]
    place, bundle = into / "in", into / "bundle.raucb"
    place.mkdir()
    (place / "rootfs.img").write_bytes(random.Random(7).randbytes(SIZE))
    (place / "manifest.raucm").write_text(
        f"[update]\ncompatible={maker.compatible}\nversion=2\n[bundle]\nformat=verity\n"
        "[image.rootfs]\nfilename=rootfs.img\nadaptive=block-hash-index\n", encoding="utf-8")
    cert, key = keys.leaf("signer")
    call("rauc", f"--conf={maker.conf}", f"--cert={cert}", f"--key={key}", f"--keyring={keys.ca}",
         f"--mksquashfs-args={packing}", "bundle", place, bundle)
    return bundle


def disk(stage, kernel, into):
    """Makes the memory disk; returns kernel and disk for `Machine(direct=…)`."""
    image, out = pixel.make(kernel, into)
    root = stage.out / "root"
    keys = Keys(into / "keys")
    maker = Maker(into, keys)
    bundle = made(maker, keys, into)
    with tempfile.TemporaryDirectory() as place:
        tree = pathlib.Path(place)
        for folder in ("bin", "dev", "proc", "sys", "run", "tmp", "modules", "mnt", "usr/bin", "usr/lib"):
            (tree / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(kernel / "busybox", tree / "bin/busybox")
        (tree / "bin/busybox").chmod(0o755)
        for applet in APPLETS:
            (tree / "bin" / applet).symlink_to("busybox")
        (tree / "lib").symlink_to("usr/lib")
        program = root / "usr/bin/rauc"
        shutil.copy(program, tree / "bin/rauc")
        for name in libraries(root, program):
            target = tree / name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name.lstrip("/"), target)
        shutil.copy(keys.ca, tree / "ca.pem")
        shutil.copy(bundle, tree / "bundle.raucb")
        (tree / "system.conf").write_text(
            f"[system]\ncompatible={maker.compatible}\nbootloader=noop\nbundle-formats=-plain\nmountprefix=/mnt\n"
            "[keyring]\npath=/ca.pem\ncheck-purpose=codesign\n[slot.rootfs.0]\ndevice=/dev/null\ntype=raw\nbootname=A\n",
            encoding="ascii")
        names = []
        for module in dict.fromkeys(file for name in MODULES for file in pixel.modules(kernel, name)):
            names.append(module.name.removesuffix(".xz"))
            data = module.read_bytes()
            (tree / "modules" / names[-1]).write_bytes(lzma.decompress(data) if module.suffix == ".xz" else data)
        (tree / "modules/list").write_text("".join(f"{name}\n" for name in names), encoding="ascii")
        (tree / "init").write_text(SCRIPT, encoding="ascii")
        (tree / "init").chmod(0o755)
        with out.open("wb") as file:
            files = subprocess.run(["find", "."], cwd=tree, stdout=subprocess.PIPE, check=True).stdout
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree, input=files, stdout=file, check=True)
    return image, out


def opens(stage):
    """One bundle, opened."""
    kernel = kernel_of(stage)
    direct = disk(stage, kernel, stage.run / "verity")
    card = stage.overlay(stage.plain(), "verity")
    with stage.machine(card, devices=False, network=False,
                       direct=(*direct, "console=ttyAMA0 panic=5 quiet loglevel=4 rauc.slot=A")) as machine:
        seconds, found, after = machine.console.wait(r"RAUC-OPENED (\d+) ?(\w*)", 40)
        last = machine.console.lines[after - 2][1].strip()
    release = (kernel / "release").read_text(encoding="ascii").strip()
    if found[1] != "0":
        raise Failed(f"under {release}: {last}")
    if found[2] != hashlib.sha256(random.Random(7).randbytes(SIZE)).hexdigest():
        raise Failed(f"under {release} another image than the one that was packed")
    return f"under {release} after {seconds:.0f} s"


SCENARIOS = scenarios(("bundle-opens", "the installer opens a bundle under this kernel", opens))
