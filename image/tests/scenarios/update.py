"""Updates: by line and by stick, twelve bad ones, and the power cut at any moment.

Good and refused updates go through a whole install. A bad one that boots is put into the other slot as an install leaves it,
because what is tried there is what follows: the tries, the gate, the way back, the reason.
"""

import concurrent.futures
import os
import random
import shutil
import subprocess

from lab import maker
from lab.disk import Card
from lab.machine import copy_card, seconds
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK

# Seconds for an install on an idle machine, streamed whole.
INSTALL = 60
NEXT = "9.1.0"
# What boots and is not well: variant, and what must be told.
SICK_UPDATES = (
    ("no-frame", "shows no frame"),
    ("crash-loop", "ends again and again"),
    ("hung-engine", "hangs in the engine"),
    ("hung-screen", "hangs in the screen"),
    ("reader-broken", "cannot open the reader"),
    ("store-newer", "writes a store that the old one cannot read"),
)


def install(agent, source, expected=INSTALL):
    """Installs in the guest; returns None or the reason why not."""
    code, said = agent.run(f"rauc install '{source}' 2>&1", expected)
    if code == 0:
        return None
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "LastError" in line] or lines
    return telling[-1].removeprefix("LastError:").strip()


def restart(machine, agent, expected=BOOT):
    """Restarts; returns (version, slot) once it is marked good."""
    since = machine.console.mark()
    agent.run("systemctl reboot --no-block")
    _, found, _ = machine.console.wait(HEALTHY, expected, since, unless=SICK)
    return found[1], found[2]


def waiting(stage, agent):
    """How many applications wait in the outbox."""
    return stage.status(agent)["waiting"]


def next_version(stage):
    """The next version: the system with the agent and one changed program."""
    return stage.variant("agent", "next", version=NEXT)


def by_line(stage):
    """From A to B over the line, what was fetched, then settings and outbox in the other slot."""
    bundle = next_version(stage) / "bundle.raucb"
    with stage.from_served("by-line") as machine:
        agent = stage.agent(machine)
        queued, settings = waiting(stage, agent), agent.ok("cat /data/kiosk/config.d/*")
        stage.server.forget()
        took, reason = seconds(lambda: install(agent, stage.offer(bundle, "next.raucb")))
        if reason:
            raise Failed(f"the install ended with: {reason}")
        version, slot = restart(machine, agent)
        if (version, slot) != (NEXT, "B"):
            raise Failed(f"{version} runs in {slot}")
        if waiting(stage, agent) != queued or agent.ok("cat /data/kiosk/config.d/*") != settings:
            raise Failed("outbox or settings changed")
        machine.page()
        machine.keep_picture(stage.picture("4-updated"))
        fetched, size = stage.server.counts("next.raucb").bytes, bundle.stat().st_size
    stage.figures["bundle, MB"] = f"{size / 1e6:.1f}"
    stage.figures["fetched for a program that changed, MB"] = f"{fetched / 1e6:.1f}"
    stage.figures["install by line, s"] = f"{took:.0f}"
    return f"{fetched / 1e6:.1f} of {size / 1e6:.1f} MB fetched in {took:.0f} s"


def by_stick(stage):
    """The same from a USB stick, with a clock that is years off and no line."""
    stick = stage.run / "stick.img"
    with stick.open("wb") as file:
        file.truncate(256 << 20)
    subprocess.run(["mkfs.vfat", "-n", "UPDATE", stick], check=True, stdout=subprocess.DEVNULL, timeout=60)
    maker.call("mcopy", "-i", stick, next_version(stage) / "bundle.raucb", "::next.raucb")
    card = copy_card(stage.served(), stage.run / "by-stick.qcow2")
    with stage.machine(card, network=False, clock="2019-01-01T00:00:00") as machine:
        machine.console.wait(HEALTHY, BOOT, unless=SICK)
        agent = stage.agent(machine)
        agent.ready()
        year = agent.ok("date +%Y")
        machine.plug_stick(stick)
        device = until("the stick in the guest", 15, lambda: agent.run("ls /dev/disk/by-label/UPDATE")[1].strip(), 0.5)
        agent.ok(f"mkdir -p /run/stick && mount -o ro {device} /run/stick")
        took, reason = seconds(lambda: install(agent, "/run/stick/next.raucb"))
        if reason:
            raise Failed(f"with a clock of {year}: {reason}")
        version, slot = restart(machine, agent)
        if (version, slot) != (NEXT, "B"):
            raise Failed(f"{version} runs in {slot}")
    return f"clock of {year}, {took:.0f} s"


def refused(stage):
    """Five bundles that RAUC must refuse, each with its reason, and the running slot untouched."""
    good = next_version(stage)
    whole = (good / "bundle.raucb").read_bytes()
    place = stage.run / "bad"
    place.mkdir(exist_ok=True)

    def bad(name, data):
        path = place / f"{name}.raucb"
        path.write_bytes(data)
        return path
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 4
    bundles = {
        "another machine's": stage.variant("agent", "other", version=NEXT, compatible="some-other-machine") / "bundle.raucb",
        "a stranger's signature": foreign(stage, place, good),
        "a truncated one": bad("truncated", whole[:len(whole) * 2 // 3]),
        "one with a flipped bit": bad("flipped", bytes(flipped)),
        "an older one": stage.variant("agent", "older", version="0.0.1") / "bundle.raucb",
    }
    reasons = []
    with stage.from_served("refused") as machine:
        agent = stage.agent(machine)
        for name, path in bundles.items():
            reason = install(agent, stage.offer(path, f"bad-{len(reasons)}.raucb"))
            if reason is None:
                raise Failed(f"{name} was installed")
            reasons.append(f"{name}: {reason}")
        state = agent.ok("fw_printenv -n BOOT_ORDER")
        if not state.startswith("A"):
            raise Failed(f"the order is {state} now")
    (stage.folder / "refused.txt").write_text("\n".join(reasons) + "\n", encoding="utf-8")
    return f"{len(reasons)} refused; reasons in refused.txt"


def foreign(stage, place, good):
    """The same images under a stranger's key."""
    keys = maker.Keys(place / "keys", "stranger")
    cert, key = keys.leaf("signer")
    inside = place / "inside"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    for name in ("rootfs.img", "boot.img"):
        (inside / name).symlink_to((good / name).resolve())
    shutil.copy(good / "manifest.raucm", inside)
    out = place / "foreign.raucb"
    maker.call("rauc", f"--cert={cert}", f"--key={key}", f"--keyring={keys.ca}", "bundle", inside, out)
    return out


def bad_one(variant):
    """A scenario for one sick update."""
    def play(stage):
        images = stage.variant(variant)
        card = copy_card(stage.served(), stage.run / f"{variant}.qcow2")
        Card(card).fill("b", images / "rootfs.img", images / "boot.img")
        Card(card).set_boot_state(BOOT_ORDER="B A", BOOT_A_LEFT="4", BOOT_B_LEFT="2")
        return falls_back(stage, card, variant)
    return play


def falls_back(stage, card, name):
    """Power on: the sick slot is tried, the old one comes back, the reason is told."""
    with stage.machine(card) as machine:
        machine.console.wait("UBOOT-SLOT B", 30)
        took, found, _ = machine.console.wait(r"KIOSK-HEALTHY (\S+) (\w)", 4 * BOOT)
        if found[2] != "A":
            raise Failed(f"marked good in {found[2]}")
        tries = len(machine.console.seen("UBOOT-SLOT B"))
        told = [found[0].strip() for _, found in machine.console.seen(r"KIOSK-SICK.*|Kernel panic.*|KIOSK-NO-DATA.*")]
        agent = stage.agent(machine)
        agent.ready()
        queued = waiting(stage, agent)
        if queued != 1:
            raise Failed(f"{queued} applications wait, not 1")
        _, reason = agent.run("kioskctl update status --config /etc/kiosk/kiosk.toml 2>&1")
        machine.page()
        machine.keep_picture(stage.picture(f"5-{name}"))
    with (stage.folder / "fallbacks.txt").open("a", encoding="utf-8") as file:
        file.write(f"{name}: {reason.strip()} | {' | '.join(told)}\n")
    return f"{tries} tries, back in A after {took:.0f} s; {(told or ['no word'])[-1][:90]}"


def full_data(stage):
    """An update while the data partition is full."""
    with stage.from_served("full-data") as machine:
        agent = stage.agent(machine)
        agent.run("fallocate -l $(df --output=avail -B1 /data | tail -1) /data/ballast; dd if=/dev/zero of=/data/ballast2; sync")
        reason = install(agent, stage.offer(next_version(stage) / "bundle.raucb", "full.raucb"))
        since = machine.console.mark()
        agent.run("systemctl reboot --no-block")
        _, found, _ = machine.console.wait(HEALTHY, 4 * BOOT, since)
        agent.run("rm -f /data/ballast /data/ballast2")
        queued = waiting(stage, agent)
    if queued != 1:
        raise Failed(f"{queued} applications wait, not 1")
    if reason is None and found[2] == "B":
        raise Failed("the update was found good although the store cannot be written")
    return f"{'refused: ' + reason if reason else 'installed'}; runs in {found[2]} with the outbox as it was"


def power_cuts(stage):
    """The emulator is killed at random moments of an install; each time the card must start old or new."""
    count = int(os.environ.get("BIANMIN_POWER_CUTS", "500" if stage.long else "50"))
    workers = int(os.environ.get("BIANMIN_WORKERS", "2"))
    url = stage.offer(next_version(stage) / "bundle.raucb", "next.raucb")
    stage.served()
    with stage.from_served("measure") as machine:
        took, reason = seconds(lambda: install(stage.agent(machine), url))
        if reason:
            raise Failed(f"the install ended with: {reason}")
    dice = random.Random(20261124)
    moments = [dice.uniform(0, took * 1.05) for _ in range(count)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        runs = list(pool.map(lambda row: one_cut(stage, url, *row), enumerate(moments)))
    (stage.folder / "power-cuts.txt").write_text("".join(f"{run}\n" for run in runs), encoding="utf-8")
    wrong = [run for run in runs if run[1] not in ("old", "new")]
    if wrong:
        raise Failed(f"{len(wrong)} of {len(runs)} cuts, the first: {wrong[0]}")
    return f"{count} cuts in {took:.0f} s of install: {sum(run[1] == 'new' for run in runs)} new, the others old; outbox whole"


def one_cut(stage, url, number, moment):
    """One cut: (moment, old | new | what was wrong)."""
    card = copy_card(stage.served(), stage.run / f"cut-{number}.qcow2")
    try:
        with stage.machine(card, snapshot="served") as machine:
            agent = stage.agent(machine)
            agent.ok(f"systemd-run --quiet --unit=install rauc install '{url}'")
            try:
                machine.console.wait("this never comes", moment / 4)
            except Failed:
                pass
        with stage.machine(card) as machine:
            _, found, _ = machine.console.wait(HEALTHY, 2 * BOOT)
            agent = stage.agent(machine)
            agent.ready()
            if waiting(stage, agent) != 1:
                return moment, "the outbox changed"
            return moment, "new" if found[1] == NEXT else "old"
    except Failed as error:
        return moment, str(error)
    finally:
        card.unlink()


SCENARIOS = scenarios(
    ("by-line", "an update by line, settings and outbox stay", by_line),
    ("by-stick", "an update by stick with a clock years off", by_stick),
    ("refused", "five bundles are refused with their reason", refused),
    *((name, f"an update that {what} falls back", bad_one(name)) for name, what in SICK_UPDATES),
    ("full-data", "an update with a full data partition", full_data),
    ("power-cut", "power cut at random moments of an install", power_cuts),
)
