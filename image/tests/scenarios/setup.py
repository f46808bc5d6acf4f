"""Setting up: the pages of the set-up by touches, forty cards at once by one of them, factory reset."""

import pathlib
import tempfile

from lab.machine import copy_card
from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK
from .update import restart
from .visit import CARD, PRIMARY, TITLE, rested

# Name of the picture, what is done to come there, and whether the title changes. Places are those of the portrait layout.
PAGES = (
    ("language", None, True),
    ("county", (540, 468), True),
    ("town", (290, 468), True),
    ("village", (290, 468), True),
    ("centre", (290, 550), True),
    ("network", PRIMARY, True),
    ("enrol", PRIMARY, True),
    ("asking", "code", True),
    ("devices", "answer", False),
    ("printed", "print", False),
    ("tried", "card", False),
    ("done", PRIMARY, True),
)


def wizard(stage):
    """A card as shipped, with no settings: a technician's way through the set-up, with the machine's own scanner."""
    place = pathlib.Path(tempfile.mkdtemp(dir=stage.run))
    _, code = stage.bench.prepared(place)
    stage.bench.line(True)
    stage.bench.begin()
    card = stage.overlay(stage.plain(), "wizard")
    with stage.machine(card) as machine:
        machine.console.wait(HEALTHY, 2 * BOOT, unless=SICK)
        picture, start = None, machine.console.now()
        for number, (page, what, turns) in enumerate(PAGES):
            if what == "code":
                stage.bench.order("scanner", order="scan", text=code)
            elif what == "card":
                stage.bench.order("id-reader", order="card", key=CARD)
            elif what == "print":
                # The reader's card has one button, the printer's two; the left one of them prints.
                machine.fingers.tap(290, outlined(picture, 290)[1])
                until("the test slip", 20, stage.bench.slips, 0.5)
            elif what == "answer":
                until("the page of the devices", 40, lambda: len(outlined(machine.picture(), 290)) >= 2, 0.5)
                picture = None
            elif what:
                machine.fingers.tap(*what)
            try:
                picture = rested(machine, picture, 30, TITLE if turns else None)
            finally:
                machine.keep_picture(stage.picture(f"2-wizard-{number:02}-{page}"))
        touches, took = machine.fingers.taps, machine.console.now() - start
        stage.bench.order("id-reader", order="no-card")
        # The engine starts again as a kiosk: its idle page has the colour of the head on its button.
        until("the kiosk starts", 40, lambda: served(machine), 1)
        machine.keep_picture(stage.picture("2-wizard-served"))
    return f"{touches} touches, one code and one card in {took:.0f} s, then it serves"


def outlined(picture, x):
    """Middles of the outlined buttons that this column crosses, from the top: their borders have the colour of the head."""
    head = picture.at(5, 60)
    lines = []
    for y in range(400, 1740):
        if all(abs(a - b) < 24 for a, b in zip(picture.at(x, y), head)) and not (lines and y - lines[-1] < 6):
            lines.append(y)
    return [(top + bottom) // 2 for top, bottom in zip(lines[::2], lines[1::2])]


def served(machine):
    """Whether the idle page is on the screen."""
    picture = machine.picture()
    return picture.is_a_page() and picture.at(150, 840) == picture.at(5, 60)


def provisioned(stage):
    """A card with its `provision.toml`: no touch, and what it wrote is on the data partition after a power cut as well."""
    # With a code of its own: a code sets up one machine, and the card that other scenarios go on from has used its.
    base = copy_card(stage.lab(), stage.run / "provisioned.img")
    stage.prepare(base)
    card = stage.overlay(base, "provisioned")
    stage.bench.line(True)
    with stage.machine(card) as machine:
        machine.console.wait(HEALTHY, 2 * BOOT, unless=SICK)
        agent = stage.agent(machine)
        agent.ready()
        stage.settled(agent, 90)
        took = machine.console.now()
        kiosk = stage.status(agent)["kiosk"]
        files = agent.ok("cd /data/kiosk && find config.d county keys network -type f | sort").split()
        secret = agent.ok("grep -c . /data/kiosk/county/secret")
        name = agent.ok("systemctl restart kiosk-name; cat /proc/sys/kernel/hostname")
        machine.page()
        machine.keep_picture(stage.picture("2-provisioned"))
        agent.ok("sync")
    with stage.machine(card) as machine:
        machine.console.wait(HEALTHY, BOOT, unless=SICK)
        agent = stage.agent(machine)
        agent.ready()
        stage.settled(agent)
        if stage.status(agent)["kiosk"] != "K032" or kiosk != "K032" or name != "k032":
            raise Failed(f"it is {kiosk} and {name}")
        if agent.ok("cd /data/kiosk && find config.d county keys network -type f | sort").split() != files:
            raise Failed("other settings after the power cut")
    return f"K032 serves {took:.0f} s after power-on without a touch; {len(files)} files, secret of {secret} line, kept over a power cut"


def factory_reset(stage):
    """Everything on the data partition is gone after the documented command, and it is made once."""
    with stage.from_served("reset") as machine:
        agent = stage.agent(machine)
        agent.ok("touch /data/kiosk/store/mine; sync; fw_setenv BOOT_RESET 1")
        restart(machine, agent, 2 * BOOT)
        if agent.run("test -e /data/kiosk/store/mine")[0] == 0:
            raise Failed("a file of before is still there")
        if agent.run("ls /data/kiosk/store/*.sqlite")[0] == 0:
            raise Failed("the store of before is still there")
        if agent.ok("fw_printenv -n BOOT_RESET") != "0":
            raise Failed("the next start would reset again")
        machine.page()
        machine.keep_picture(stage.picture("8-reset"))
    return "made anew, once"


SCENARIOS = scenarios(
    ("wizard", "a fresh card is set up by touches, one code and one card", wizard),
    ("provision", "a prepared card sets its machine up without a touch", provisioned),
    ("reset", "factory reset leaves nothing of the kiosk", factory_reset),
)
