"""Updates: by line and by stick, twelve bad ones, and the power cut at any moment.

Good and refused updates go through a whole install. A bad one that boots is put into the other slot as an install leaves it,
because what is tried there is what follows: the tries, the gate, the way back, the reason.
"""

import json
import subprocess

from lab import maker
from lab.disk import Card
from lab.machine import seconds
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK
from .visit import PRIMARY, TITLE, rested

# Seconds for an install on an idle machine, streamed whole.
INSTALL = 90
NEXT = "9.1.0"
CONFIG = "--config /etc/kiosk/kiosk.toml"
# What boots and is not well: variant, what it does, and the reason that must be told.
SICK_UPDATES = (
    ("no-frame", "shows no frame", "update.no-frame"),
    ("crash-loop", "ends again and again", "update.no-engine"),
    ("hung-engine", "hangs in the engine", "update.no-engine"),
    ("hung-screen", "hangs in the screen", "update.no-frame"),
    ("reader-broken", "cannot open the reader", "update.device-id-reader"),
)
# The fault that fills the data partition up.
FILL = ("fallocate -l $(( ($(df --output=avail -B1 /data | tail -1) / 1048576 - 1) * 1048576 )) /data/ballast; "
        "dd if=/dev/zero of=/data/ballast2 bs=4k 2>/dev/null; sync; df --output=avail -B1 /data | tail -1")


def install(agent, source, expected=INSTALL):
    """Installs in the guest and makes the other slot the next; returns None or the reason why not."""
    code, said = agent.run(f"rauc install '{source}' 2>&1 && rauc status mark-active other 2>&1", expected)
    if code == 0:
        return None
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "LastError" in line] or lines
    return telling[-1].removeprefix("LastError:").strip()


def by_agent(agent, file, expected=INSTALL):
    """Asks the update agent for a bundle, as a technician does; returns what it says of itself at the end."""
    code, said = agent.run(f"kioskctl --json update usb '{file}' {CONFIG}", expected)
    try:
        return json.loads(said.strip().splitlines()[-1])["status"]
    except (ValueError, KeyError, IndexError) as error:
        raise Failed(f"code {code}: {' '.join(said.split())[-200:]}") from error


def told(agent):
    """What the update agent says: (phase, code)."""
    said = json.loads(agent.ok(f"kioskctl --json update status {CONFIG}"))["agent"]
    return said["phase"], said["code"]


def journal(agent, words):
    """Lines of the journal, of earlier starts as well, that hold these words. The emulated board has no serial number, so each
    start is another machine to the journal."""
    code, said = agent.run(f"journalctl -m -q -o cat --no-pager | grep -F '{words}'", 60)
    return said.splitlines() if code == 0 else []


def restart(machine, agent, expected=BOOT):
    """Restarts; returns (version, slot) once it is marked good."""
    place = agent.mark()
    since = machine.console.mark()
    agent.run("systemctl reboot --no-block")
    return good(machine, agent, since, place, expected)


def good(machine, agent, since, place, expected=BOOT):
    """Waits for the mark and the test's agent; returns (version, slot)."""
    _, found, _ = machine.console.wait(HEALTHY, expected, since, unless=SICK)
    agent.ready(since=place)
    return found[1], found[2]


def waiting(stage, agent):
    """How many applications wait in the outbox."""
    return stage.status(agent)["waiting"]


def next_version(stage):
    """The next version: the system with the agent and one changed program."""
    return stage.variant("agent", "next", bundled=True, version=NEXT)


def settings_of(agent):
    """What the set-up wrote."""
    return agent.ok("cd /data/kiosk && find config.d county keys network -type f | sort | xargs sha256sum")


def by_line(stage):
    """From A to B over the line, what was fetched, then settings and outbox in the other slot."""
    bundle = next_version(stage) / "bundle.raucb"
    with stage.from_served("by-line") as machine:
        agent = stage.agent(machine)
        queued, settings = waiting(stage, agent), settings_of(agent)
        stage.server.forget()
        took, reason = seconds(lambda: install(agent, stage.offer(bundle, "next.raucb")))
        if reason:
            raise Failed(f"the install ended with: {reason}")
        version, slot = restart(machine, agent)
        if (version, slot) != (NEXT, "B"):
            raise Failed(f"{version} runs in {slot}")
        if queued != 1 or waiting(stage, agent) != queued or settings_of(agent) != settings:
            raise Failed("outbox or settings changed")
        machine.page()
        machine.keep_picture(stage.picture("4-updated"))
        fetched, size = stage.server.counts("next.raucb").bytes, bundle.stat().st_size
        stage.bench.begin()
        stage.bench.line(True)
        stage.bench.wait_cases(1)
        until("nothing waits any more", 30, lambda: waiting(stage, agent) == 0, 1)
    stage.figures["bundle, MB"] = f"{size / 1e6:.1f}"
    stage.figures["fetched for a program that changed, MB"] = f"{fetched / 1e6:.1f}"
    stage.figures["install by line, s"] = f"{took:.0f}"
    return f"{fetched / 1e6:.1f} of {size / 1e6:.1f} MB fetched in {took:.0f} s; B delivered what A had kept"


def stick_with(stage, name, *files):
    """A stick that holds these files, given as (name on it, file)."""
    stick = stage.run / f"{name}.img"
    with stick.open("wb") as file:
        file.truncate(sum(source.stat().st_size for _, source in files) * 5 // 4 + (64 << 20))
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "UPDATE", stick], check=True, stdout=subprocess.DEVNULL, timeout=60)
    for on_stick, source in files:
        maker.call("mcopy", "-i", stick, source, f"::{on_stick}")
    return stick


def by_stick(stage):
    """A stick is put in and its question answered with one touch: with a clock that is years off and no line to the county."""
    stick = stick_with(stage, "stick", ("next.raucb", next_version(stage) / "bundle.raucb"))
    with stage.from_served("by-stick") as machine:
        agent = stage.agent(machine)
        agent.ok("systemctl stop systemd-timesyncd; date -s '2019-01-01 00:00:00'")
        year = agent.ok("date +%Y")
        since, place = machine.console.mark(), agent.mark()
        before = machine.picture()
        machine.plug_stick(stick)
        rested(machine, before, 60, rows=TITLE)
        machine.fingers.tap(*PRIMARY)
        took, _, since = machine.console.wait("KIOSK-STICK installed", 2 * INSTALL, since, unless="KIOSK-STICK refused.*")
        took -= machine.console.lines[since - 2][0] if since > 1 else 0
        version, slot = good(machine, agent, since, place, 2 * BOOT)
        if (version, slot) != (NEXT, "B"):
            raise Failed(f"{version} runs in {slot}")
        until("the agent forgets the old image", 60, lambda: told(agent)[0] == "resting", 2)
        if waiting(stage, agent) != 1:
            raise Failed("the outbox changed")
    return f"clock of {year}; plugged in, one touch, installed, restarted, good in B"


def refused(stage):
    """Bundles that must be refused, each with its reason on one line, and the running slot untouched."""
    place = stage.run / "bad"
    place.mkdir(exist_ok=True)
    whole = (next_version(stage) / "bundle.raucb").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 4
    for name, data in (("truncated", whole[:len(whole) * 2 // 3]), ("flipped", flipped)):
        (place / f"{name}.raucb").write_bytes(data)
    strangers = maker.Keys(place / "keys", "stranger")
    small = maker.Maker(place, strangers)
    ours = {"keyring": stage.out / "keys/ca.pem", "signer": (stage.out / "keys/bundle.pem", stage.out / "keys/bundle.key")}
    cases = (
        ("another machine's", small.bundle("model", version=NEXT, compatible="some-other-machine", **ours), "update.wrong-model"),
        ("a stranger's signature", small.bundle("stranger", strangers.leaf("signer"), version=NEXT), "update.signature"),
        ("a truncated one", place / "truncated.raucb", "update.truncated"),
        ("one with a flipped bit", place / "flipped.raucb", "update.damaged"),
        ("an older one", small.bundle("older", version="0.0.1", **ours), "update.older"),
        ("one that cannot read the store", small.bundle("schema", version=NEXT, meta="[meta.bianmin]\nstore-schema=0\n", **ours),
         "update.schema"),
    )
    stick = stick_with(stage, "bad-stick", *((path.name, path) for _, path, _ in cases))
    reasons, wrong = [], []
    with stage.from_served("refused") as machine:
        agent = stage.agent(machine)
        machine.plug_stick(stick)
        # With several bundles on it the stick alone chooses none.
        machine.console.wait("KIOSK-STICK refused: .*6 bundles", 60)
        until("the stick in the guest", 15, lambda: agent.run("ls /dev/disk/by-label/UPDATE")[0] == 0, 0.5)
        agent.ok("mkdir -p /run/stick && mount -o ro /dev/disk/by-label/UPDATE /run/stick")
        for name, path, code in cases:
            said = by_agent(agent, f"/run/stick/{path.name}")
            line = [line for line in journal(agent, "update.refused") if code in line]
            reasons.append(f"{name}: {said['code']}: {said['en']} ({said['zh']}) | {line[-1] if line else 'not in the journal'}")
            if (said["phase"], said["code"]) != ("refused", code) or not line:
                wrong.append(reasons[-1])
        order, queued = agent.ok("fw_printenv -n BOOT_ORDER"), waiting(stage, agent)
        version, slot = restart(machine, agent)
    (stage.folder / "refused.txt").write_text("\n".join(reasons) + "\n", encoding="utf-8")
    if wrong:
        raise Failed(f"{len(wrong)} of {len(cases)} otherwise, the first: {wrong[0]}")
    if not order.startswith("A") or slot != "A" or version == NEXT or queued != 1:
        raise Failed(f"order {order}, {version} runs in {slot}, {queued} wait")
    return f"{len(cases)} refused, each with its code on one line of the journal; A runs, outbox whole; see refused.txt"


def remember(stage, agent):
    """What the agent remembers of an image that it has installed and starts next."""
    resume = {"action": None, "version": NEXT, "readable-from": 1, "from-slot": "A", "boot": "the-one-before"}
    place = "/data/kiosk/update/installed.json"
    agent.ok(f"cat >{place} <<'END'\n{json.dumps(resume)}\nEND\nchown kiosk-agent:kiosk-agent {place}; sync")


def bad_one(variant, code):
    """A scenario for one sick update: power on, the sick slot is tried, the old one comes back, the reason is told."""
    def play(stage):
        images = stage.variant(variant, version=NEXT)
        with stage.from_served(variant) as machine:
            remember(stage, stage.agent(machine))
            card = machine.card
        # In the short form one start of the sick image is enough; that the second is like it is shown by one of them.
        tries = 2 if stage.long or variant == "crash-loop" else 1
        Card(card).fill("b", images / "rootfs.img", images / "boot.img")
        Card(card).set_boot_state(BOOT_ORDER="B A", BOOT_A_LEFT="4", BOOT_B_LEFT=str(tries))
        return falls_back(stage, card, variant, code, tries)
    return play


def falls_back(stage, card, name, code, tries):
    """The starts until the old slot is marked good, and what is known there."""
    with stage.machine(card) as machine:
        machine.console.wait("UBOOT-SLOT B", 30)
        took, found, _ = machine.console.wait(HEALTHY, (2 + 3 * tries) * BOOT)
        if found[2] != "A":
            raise Failed(f"{found[1]} was marked good in {found[2]}")
        starts = len(machine.console.seen("UBOOT-SLOT B"))
        words = [found[0].strip() for _, found in machine.console.seen(r"KIOSK-SICK.*|Kernel panic.*|KIOSK-NO-DATA.*")]
        agent = stage.agent(machine)
        agent.ready()
        queued = waiting(stage, agent)
        phase, reason = until("the agent tells it", 60, lambda: (t := told(agent))[0] == "fell-back" and t, 2)
        lines = [line for line in journal(agent, "update.bad") if code in line] + journal(agent, "update.fell-back")
        machine.page()
        machine.keep_picture(stage.picture(f"5-{name}"))
    with (stage.folder / "fallbacks.txt").open("a", encoding="utf-8") as file:
        file.write(f"{name}: {phase} {reason} | {' | '.join(words)} | {' | '.join(lines)}\n")
    if queued != 1:
        raise Failed(f"{queued} applications wait, not 1")
    if starts != tries or reason != code or len(lines) < 2:
        raise Failed(f"{starts} starts in B, reason {reason}, {len(lines)} lines in the journal")
    return f"{starts} start(s) in B, back in A after {took:.0f} s: {reason}; outbox whole"


def store_newer(stage):
    """An update whose store the old program cannot read is installed, and does not start while anything is unsent."""
    images = next_version(stage)
    place = stage.run / "newer"
    place.mkdir()
    for name in ("rootfs.img", "boot.img"):
        (place / name).symlink_to((images / name).resolve())
    manifest = (images / "manifest.raucm").read_text(encoding="utf-8").splitlines()
    (place / "manifest.raucm").write_text("".join(
        (line.split("=")[0] + "=99" if line.startswith("store-") else line) + "\n" for line in manifest), encoding="utf-8")
    bundle = stage.run / "newer.raucb"
    keys = stage.out / "keys"
    maker.call("rauc", f"--cert={keys}/bundle.pem", f"--key={keys}/bundle.key", f"--keyring={keys}/ca.pem", "bundle", place, bundle)
    stick = stick_with(stage, "newer-stick", ("newer.raucb", bundle))
    with stage.from_served("store-newer") as machine:
        agent = stage.agent(machine)
        since, after = machine.console.mark(), agent.mark()
        machine.plug_stick(stick)
        _, _, since = machine.console.wait("KIOSK-STICK installed", 2 * INSTALL, since, unless="KIOSK-STICK refused.*")
        # Longer than the quiet time after which it would restart otherwise.
        agent.ok("sleep 90", 100)
        if told(agent)[0] != "restart" or waiting(stage, agent) != 1:
            raise Failed(f"{told(agent)} with {waiting(stage, agent)} unsent")
        if not agent.ok("fw_printenv -n BOOT_ORDER").startswith("A") or machine.console.seen("UBOOT-SLOT", since):
            raise Failed("the boot order changed while something was unsent")
        stage.bench.begin()
        stage.bench.line(True)
        stage.bench.wait_cases(1)
        # Once everything is sent nothing can be stranded.
        version, slot = good(machine, agent, since, after, 3 * BOOT)
        if (version, slot) != (NEXT, "B"):
            raise Failed(f"{version} runs in {slot}")
    return "installed, not started in 90 s with one unsent; the line came back, it was sent, then B started"


def full_data(stage):
    """An update while the data partition is full."""
    with stage.from_served("full-data") as machine:
        agent = stage.agent(machine)
        free = agent.ok(FILL, 120).split()[-1]
        reason = install(agent, stage.offer(next_version(stage) / "bundle.raucb", "full.raucb"))
        version, slot = restart(machine, agent, 4 * BOOT) if reason else back(machine, agent)
        queued = waiting(stage, agent)
        agent.run("rm -f /data/ballast /data/ballast2; sync")
        until("room again", 60, lambda: stage.status(agent)["taking"] == "yes", 2)
    if queued != 1:
        raise Failed(f"{queued} applications wait, not 1")
    return (f"{free} bytes free: {'refused: ' + reason if reason else 'installed'}; {version} runs in {slot}, outbox whole; "
            "applications are taken again once there is room")


def back(machine, agent):
    """Restarts, whatever is judged on the way; returns (version, slot) once one is good."""
    since, place = machine.console.mark(), agent.mark()
    agent.run("systemctl reboot --no-block")
    _, found, _ = machine.console.wait(HEALTHY, 8 * BOOT, since)
    agent.ready(since=place)
    return found[1], found[2]


SCENARIOS = scenarios(
    ("by-line", "an update by line, settings and outbox stay", by_line),
    ("stick", "an update by stick with a clock years off", by_stick),
    ("refused", "six bundles are refused with their reason", refused),
    *((name, f"an update that {what} falls back", bad_one(name, code)) for name, what, code in SICK_UPDATES),
    ("store-newer", "an update whose store the old cannot read waits until all is sent", store_newer),
    ("full-data", "an update with a full data partition", full_data),
)
