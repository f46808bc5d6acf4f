"""The yardstick for the boot time: the same kernel with a first program that paints one pixel.

The memory disk holds busybox, the display's modules and a script of a few lines, and nothing is mounted but what the kernel
itself offers. `PIXEL-PAINTED` on the console is the moment.
"""

import lzma
import pathlib
import shutil
import subprocess
import tempfile

SCRIPT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/list
until [ -e /dev/fb0 ]; do /bin/busybox usleep 20000; done
/bin/busybox printf '\\377\\377\\377\\377' >/dev/fb0
/bin/busybox echo PIXEL-PAINTED >/dev/console
/bin/busybox sleep 1000000
"""


def modules(kernel, name="virtio-gpu"):
    """Files of a module and of what it needs, in the order of loading."""
    release = (kernel / "release").read_text(encoding="ascii").strip()
    said = subprocess.run(["modprobe", "-d", kernel / "tree/usr", "-S", release, "--show-depends", name], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=30).stdout
    return [pathlib.Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod ")]


def make(kernel, into):
    """Writes kernel and memory disk for `Machine(direct=…)` from a cached kernel folder; returns their paths."""
    kernel, into = pathlib.Path(kernel), pathlib.Path(into)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        tree = pathlib.Path(place)
        for folder in ("bin", "dev", "modules"):
            (tree / folder).mkdir()
        shutil.copy(kernel / "busybox", tree / "bin/busybox")
        (tree / "bin/busybox").chmod(0o755)
        (tree / "init").write_text(SCRIPT, encoding="ascii")
        (tree / "init").chmod(0o755)
        names = []
        for file in modules(kernel):
            names.append(file.name.removesuffix(".xz"))
            data = file.read_bytes()
            (tree / "modules" / names[-1]).write_bytes(lzma.decompress(data) if file.suffix == ".xz" else data)
        (tree / "modules/list").write_text("".join(f"{name}\n" for name in names), encoding="ascii")
        disk = into / "pixel.cpio"
        with disk.open("wb") as out:
            files = subprocess.run(["find", "."], cwd=tree, stdout=subprocess.PIPE, check=True).stdout
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree, input=files, stdout=out, check=True)
    image = into / "kernel"
    subprocess.run(["lz4", "-q", "-d", "-f", kernel / "kernel.lz4", image], check=True, timeout=60)
    return image, disk
