"""Power cut at random moments of an install.

One install runs in the emulator. At each random moment the machine is stopped for an instant, and what lies on its card right
then is kept as a card of its own: that is what a cut at this moment leaves. Of every such card the boot state is read as the
boot loader reads it, and the slot that it would start must be, byte for byte, the old image or the new one, which are known to
start. Some of the cards are started, to the mark "good", and asked for the outbox. Tearing within one write is the business of
`fake/test_power.py`.
"""

import hashlib
import os
import random
import subprocess
import time

from lab.disk import Card
from lab.machine import make_overlay, seconds
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY
from .update import INSTALL, NEXT, install, next_version, waiting

STARTED = int(os.environ.get("BIANMIN_POWER_STARTS", "5"))


def power_cuts(stage):
    """Cuts, their cards, and what each of them would start."""
    count = int(os.environ.get("BIANMIN_POWER_CUTS", "500" if stage.long else "50"))
    url = stage.offer(next_version(stage) / "bundle.raucb", "next.raucb")
    with stage.from_served("measure") as machine:
        took, reason = seconds(lambda: install(stage.agent(machine), url))
        if reason:
            raise Failed(f"the install ended with: {reason}")
    dice = random.Random(20261124)
    moments = sorted(dice.uniform(0, took * 1.1) for _ in range(count))
    cards = [stage.run / "cut.qcow2"]
    with stage.from_served("cut") as machine:
        agent = stage.agent(machine)
        agent.ok(f"systemd-run --quiet --unit=install sh -c \"rauc install '{url}' && rauc status mark-active other\"")
        start = time.monotonic()
        for number, moment in enumerate(moments):
            time.sleep(max(0.0, start + moment - time.monotonic()))
            machine.qmp.call("stop")
            cards.append(stage.run / f"cut-{number}.qcow2")
            machine.layer(cards[-1])
            machine.qmp.call("cont")
        # The last moments may lie behind the end of an install that ran faster this time; how it ended is asked.
        until("the end of the install", INSTALL, lambda: agent.run("systemctl is-active -q install")[0] != 0, 1)
        ended = agent.run("rauc status --output-format=shell | grep -c good")[1].strip()
    # What was written before a moment lies in the card that was on top then.
    runs = [judge(stage, card, moment) for card, moment in zip(cards, moments)]
    started = dice.sample(range(len(runs)), min(STARTED * (10 if stage.long else 1), len(runs)))
    for number in sorted(started):
        runs[number] = (*runs[number], begin(stage, cards[number], number, runs[number]))
    (stage.folder / "power-cuts.txt").write_text("".join(f"{run}\n" for run in runs), encoding="utf-8")
    wrong = [run for run in runs if run[1] not in ("old", "new") or run[2:] not in ((), (run[1],))]
    if wrong:
        raise Failed(f"{len(wrong)} of {len(runs)} cuts, the first: {wrong[0]}")
    new = sum(run[1] == "new" for run in runs)
    return (f"{count} cuts in {took:.0f} s of install: {count - new} old, {new} new; {len(started)} of them started, outbox whole "
            f"({ended} good in the end)")


def judge(stage, path, moment):
    """(moment, old | new | what is wrong): what the boot loader would start from this card."""
    card = Card(path)
    state = card.boot_state()
    order = state.get("BOOT_ORDER", "").split()
    slot = next((slot for slot in order if int(state.get(f"BOOT_{slot}_LEFT", 0)) > 0), None)
    if slot is None:
        return moment, f"nothing to start: {state}"
    for word, images in (("old", stage.variant("agent")), ("new", next_version(stage))):
        if all(same(card, f"{part}_{slot.lower()}", images / f"{part}.img") for part in ("boot", "rootfs")):
            return moment, word
    return moment, f"slot {slot} is neither the old image nor the new"


def same(card, part, image):
    """Whether a partition begins with these bytes. Blocks of 512 bytes, as the card counts them."""
    offset, _ = card.place(part)
    length = image.stat().st_size
    with subprocess.Popen(["qemu-img", "dd", "-U", "-f", "qcow2", "-O", "raw", "bs=4096", f"skip={offset // 4096}",
                           f"count={(offset + length + 4095) // 4096}", f"if={card.path}", f"of={card.path}.part"]) as copying:
        if copying.wait(timeout=240):
            raise Failed(f"{card.path.name} cannot be read")
    part_file = card.path.with_name(card.path.name + ".part")
    with part_file.open("rb") as file, image.open("rb") as wanted:
        answer = hashlib.sha256(file.read(length)).digest() == hashlib.sha256(wanted.read()).digest()
    part_file.unlink()
    return answer


def begin(stage, card, number, run):
    """Starts a copy of the card; returns what came up, or what was wrong."""
    top = make_overlay(stage.run / f"start-{number}.qcow2", card)
    try:
        with stage.machine(top) as machine:
            _, found, _ = machine.console.wait(HEALTHY, 2 * BOOT)
            agent = stage.agent(machine)
            agent.ready()
            if waiting(stage, agent) != 1:
                return "the outbox changed"
            return "new" if found[1] == NEXT else "old"
    except Failed as error:
        return str(error)


SCENARIOS = scenarios(("power-cut", "power cut at random moments of an install", power_cuts))
