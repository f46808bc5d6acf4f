"""The chain from the boot loader to the root, the watchdog, and power that comes and goes."""

import random
import subprocess
import time

from lab.disk import Card
from lab.machine import copy_card
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK
from .update import waiting

# R16: back to usable after a hang, in seconds.
BACK = 15


def root_bits(stage):
    """One flipped bit in a block of the root stops the machine when the block is read, and the other slot comes back."""
    dice = random.Random(11)
    seen = []
    for number in range(20 if stage.long else 2):
        card = copy_card(stage.served(), stage.run / "root-bit.qcow2")
        offset, _ = Card(card).place("rootfs_a")
        size = (stage.variant("agent") / "rootfs.img").stat().st_size
        place = dice.randrange(size)
        Card(card).flip(offset + place, dice.randrange(8))
        with stage.machine(card) as machine:
            _, found, after = machine.console.wait(HEALTHY + "|Kernel panic|dm-verity", 2 * BOOT)
            when = "at the start"
            if found[0].startswith("KIOSK-HEALTHY"):
                if found[2] != "A":
                    raise Failed("the damaged slot was left without a word")
                agent = stage.agent(machine)
                agent.ready()
                machine.port("test").send(b"900 Y2F0IC9kZXYvbWFwcGVyL3Jvb3QgPi9kZXYvbnVsbAo=\n")
                machine.console.wait("Kernel panic|dm-verity", BOOT, after)
                when = "when it was read"
            machine.console.wait("UBOOT-SLOT", 30, after)
            seen.append(f"byte {place} {when}")
    return "; ".join(seen)


def on_paper(stage):
    """The hash tree on this host: every flipped bit of the root is found without starting anything."""
    slot = stage.out / "slot"
    root = (slot / "root-hash").read_text(encoding="ascii").strip()
    image = stage.run / "root.img"
    copy_card(slot / "rootfs.img", image)
    said = subprocess.run(["veritysetup", "dump", image, f"--hash-offset={data_size(image, slot)}"], check=False,
                          stdout=subprocess.PIPE, text=True, timeout=60).stdout
    if "hash" not in said.lower():
        raise Failed("there is no hash tree behind the root")
    dice = random.Random(5)
    count = 200 if stage.long else 12
    for _ in range(count):
        place, bit = dice.randrange(data_size(image, slot)), dice.randrange(8)
        for expected in (1, 0):
            Card(image).flip(place, bit)
            done = subprocess.run(["veritysetup", "verify", image, image, root, f"--hash-offset={data_size(image, slot)}"],
                                  check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
            if bool(done.returncode) != bool(expected):
                raise Failed(f"bit {bit} of byte {place}: code {done.returncode}")
            if expected == 1 and not stage.long:
                Card(image).flip(place, bit)
                break
    return f"{count} bits"


def data_size(image, slot):
    """Where the hash tree begins: the size of the file system, told by its superblock (EROFS: blocks at 36, log2 at 12)."""
    head = image.open("rb").read(2048)[1024:]
    return int.from_bytes(head[36:40], "little") << head[12]


def changed_boot(stage):
    """A boot part with a changed kernel, without its signature, or half there is refused; a changed command line does nothing."""
    images = stage.variant("agent")
    whole = (images / "boot.img").read_bytes()
    unsigned = stage.run / "unsigned.img"
    unsigned.write_bytes(whole)
    node = next((name for name in ("conf-1", "conf", "config-1", "kiosk") if _has(unsigned, f"/configurations/{name}")), None)
    if node is None:
        raise Failed("the boot part has no configuration that this test knows")
    for child in _children(unsigned, f"/configurations/{node}"):
        subprocess.run(["fdtput", "-r", unsigned, f"/configurations/{node}/{child}"], check=True, timeout=30)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    cases = {"unsigned": unsigned.read_bytes(), "changed": bytes(changed), "half": whole[:len(whole) // 2] + bytes(len(whole) // 2)}
    for name, data in cases.items():
        card = copy_card(stage.served(), stage.run / "changed.qcow2")
        offset, _ = Card(card).place("boot_a")
        Card(card).write(offset, data.ljust(-(-len(data) // 512) * 512, b"\0"))
        with stage.machine(card) as machine:
            machine.console.wait("UBOOT-REFUSED A", 40, unless="Starting kernel")
    card = copy_card(stage.served(), stage.run / "changed.qcow2")
    Card(card).set_boot_state(kernel_args="rw init=/bin/sh", board_args="console=ttyAMA0", bootargs="init=/bin/sh",
                              bootcmd="echo mine", start="echo mine", fit_addr="0")
    with stage.machine(card) as machine:
        machine.console.wait(HEALTHY, BOOT, unless=SICK + "|^mine")
        agent = stage.agent(machine)
        agent.ready()
        line = agent.ok("cat /proc/cmdline")
        if "init=" in line:
            raise Failed(f"the kernel was given: {line}")
    return f"{', '.join(cases)} refused; a changed command line had no effect"


def _has(image, node):
    return subprocess.run(["fdtget", "-p", image, node], check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=30).returncode == 0


def _children(image, node):
    said = subprocess.run(["fdtget", "-l", image, node], check=True, stdout=subprocess.PIPE, text=True, timeout=30).stdout
    return said.split()


def hung_engine(stage):
    """The engine is stopped as if it hung: the watchdog ends it and the screen can be used again."""
    with stage.from_served("hung") as machine:
        agent = stage.agent(machine)
        before = agent.ok("systemctl show -p MainPID --value kiosk-engine")
        start = time.monotonic()
        agent.ok("systemctl kill -s STOP --kill-whom=main kiosk-engine")

        def new():
            return agent.run("p=$(systemctl show -p MainPID --value kiosk-engine); [ $p != 0 ] && [ $p != " + before
                             + " ] && kioskctl status --config /etc/kiosk/kiosk.toml")[0] == 0
        until("a new engine that answers", 20, new, 0.5)
        took = time.monotonic() - start
        machine.page()
        machine.keep_picture(stage.picture("9-after-watchdog"))
        if waiting(stage, agent) != 1:
            raise Failed("the outbox changed")
    stage.figures["back after a hung engine, s"] = f"{took:.0f} (limit {BACK})"
    if took > BACK:
        raise Failed(f"usable after {took:.0f} s, not within {BACK}")
    return f"usable after {took:.0f} s"


def brown_out(stage):
    """Power that comes and goes twenty times in the middle of starting; then it starts and nothing is lost."""
    dice = random.Random(20)
    card = copy_card(stage.served(), stage.run / "brown-out.qcow2")
    count = 100 if stage.long else 20
    for _ in range(count):
        with stage.machine(card):
            time.sleep(dice.uniform(0.5, 12))
    with stage.machine(card) as machine:
        took, found, _ = machine.console.wait(HEALTHY, 2 * BOOT)
        agent = stage.agent(machine)
        agent.ready()
        if waiting(stage, agent) != 1:
            raise Failed("the outbox changed")
    return f"{count} times; then slot {found[2]} after {took:.0f} s, outbox whole"


SCENARIOS = scenarios(
    ("root-paper", "every flipped bit of the root is found by its hash tree", on_paper),
    ("root-bit", "one flipped bit of the root is caught in the machine", root_bits),
    ("boot-part", "a changed boot part and a changed command line", changed_boot),
    ("hung", "a hung engine is replaced", hung_engine),
    ("brown-out", "power that comes and goes", brown_out),
)
