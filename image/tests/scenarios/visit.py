"""One visit made of real touches on the image as shipped: card, questions, slip, the case at the county.

Places are those of the portrait layout. After each touch the screen must have changed and come to rest, and a picture of it is
kept for a person to look at. A touch that led elsewhere ends in no case, no slip, or a wait that runs out.
"""

from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK

PRIMARY = (540, 1664)
# Rows in which steps and title of a page stand. A button that is pressed changes other rows, and the clock stands above.
TITLE = (130, 400)
DIGIT = {str(n): ((205, 527, 853)[(n - 1) % 3], (705, 880, 1050)[(n - 1) // 3]) for n in range(1, 10)} | {"0": (527, 1221)}
# Name of the picture, what is done to come there.
STEPS = (
    ("idle", None),
    ("home", (540, 733)),
    ("list", (787, 433)),
    ("item", (540, 811)),
    ("identify", PRIMARY),
    ("mobile", "card"),
    ("address", "13900001234"),
    ("kind", (540, 516)),
    ("review", (540, 456)),
    ("kept", PRIMARY),
    ("accepted", "county"),
    ("take", PRIMARY),
    ("end", PRIMARY),
)
CARD = "liu_xiaoyan"


def rested(machine, before, expected=15, rows=None):
    """The next page after `before`, once two looks at it are the same. With `rows` something must have changed there."""
    last = [None]

    def look():
        picture = machine.picture()
        same = last[0] is not None and picture.difference(last[0]) < 0.0005
        same = same and (before is None or picture.difference(before, rows=rows) > 0.002)
        last[0] = picture
        return picture if same else None
    return until("the next page", expected, look, pause=0.4)


def greenish(colour):
    """Whether a pale colour is more green than red."""
    red, green, _ = colour
    return green > red + 4


def act(stage, machine, what):
    """One step of the visit."""
    if what == "card":
        stage.bench.order("id-reader", order="card", key=CARD)
    elif what == "county":
        # Green instead of amber behind the word, and both slips out: before that nobody would leave.
        until("the county's receipt on the screen", 40, lambda: greenish(machine.picture().at(120, 320)), 0.5)
        until("two slips", 40, lambda: len(stage.bench.slips()) >= 2, 0.5)
    elif isinstance(what, str):
        for digit in what:
            machine.fingers.tap(*DIGIT[digit])
    else:
        machine.fingers.tap(*what)


def visit(stage):
    """From the first touch to the last."""
    card = stage.overlay(stage.configured(), "visit")
    stage.bench.line(True)
    stage.bench.begin()
    with stage.machine(card) as machine:
        machine.console.wait(HEALTHY, BOOT, unless=SICK)
        machine.page()
        play(stage, machine, "3-visit")
        cases = stage.bench.wait_cases(1)
        slips = until("two slips", 30, lambda: (s := stage.bench.slips()) and len(s) >= 2 and s, 0.5)
        for number, (png, complete) in enumerate(slips, 1):
            stage.picture(f"3-slip-{number}").write_bytes(png)
            if not complete:
                raise Failed(f"slip {number} is not complete")
        if len(cases) != 1:
            raise Failed(f"the county holds {len(cases)} cases")
        touches = machine.fingers.taps
    return f"{touches} touches, {len(slips)} slips, 1 case at the county"


def leave_one(stage, machine):
    """A visit while the line is cut: its application stays in the machine."""
    steps = [step for step in STEPS if step[0] != "accepted"]
    stage.bench.begin()
    play(stage, machine, "0-kept", steps)


def play(stage, machine, name, steps=STEPS):
    """The steps, with a picture of each."""
    picture = None
    for number, (page, what) in enumerate(steps):
        if what is not None:
            act(stage, machine, what)
        if page in ("address", "kind", "review"):
            # A filled answer first, then its one primary action.
            picture = rested(machine, picture)
            machine.fingers.tap(*PRIMARY)
        try:
            picture = rested(machine, None if what == "county" else picture, rows=TITLE)
        finally:
            machine.keep_picture(stage.picture(f"{name}-{number:02}-{page}"))
    stage.bench.order("id-reader", order="no-card")


SCENARIOS = scenarios(("visit", "a visit made of touches ends with a slip and a case", visit))
