"""What drawing costs: the same pages through KMS buffers and through the old frame buffer device.

The screen's own time of the processor, and that of the whole machine (the kernel copies for the frame buffer device outside
of any unit), from the first touch to the third page at rest. Taken in turns, so that a busy host falls on both.
"""

from .scenario import scenarios
from .stage import BOOT
from .visit import STEPS, act, rested

PAGES = [step for step in STEPS if step[0] in ("home", "list", "item")]
DROP_IN = "/run/systemd/system/kiosk-screen.service.d/display.conf"
WAYS = (("KMS", ""), ("frame buffer", "[Service]\\nEnvironment=SLINT_BACKEND_LINUXFB=1\\n"))
USED = ("systemctl show -p CPUUsageNSec --value kiosk-screen; awk '/^cpu /{print ($2+$3+$4+$7+$8)*10}' /proc/stat; "
        "p=$(systemctl show -p MainPID --value kiosk-screen); ls -l /proc/$p/fd | grep -oE '/dev/(fb|dri/card)[0-9]+' | sort -u")


def used(agent):
    """Milliseconds of the screen, milliseconds of the machine, the device that is open."""
    unit, machine, *devices = agent.ok(USED).split()
    return int(unit) / 1e6, int(machine), " ".join(devices)


def drawing(stage):
    """The same three pages both ways."""
    sums = {way: [0.0, 0, "", 0.0] for way, _ in WAYS}
    rounds = 5 if stage.long else 3
    with stage.machine(stage.overlay(stage.lab(), "display")) as machine:
        agent = stage.agent(machine)
        agent.ready(2 * BOOT)
        # Nobody judges this start: a host that is busy for long must not restart the machine in between.
        agent.ok("systemctl stop kiosk-confirm", 60)
        for _ in range(rounds):
            for way, drop_in in WAYS:
                agent.ok(f"mkdir -p {DROP_IN.rsplit('/', 1)[0]}; printf '{drop_in}' >{DROP_IN}; systemctl daemon-reload; "
                         "systemctl stop kiosk-screen; systemctl restart kiosk-engine; systemctl start kiosk-screen", 120)
                machine.page(60)
                picture = rested(machine, None, 30)
                start = used(agent)
                for _, what in PAGES:
                    act(stage, machine, what)
                    picture = rested(machine, picture, 30)
                end = used(agent)
                taken = sums[way]
                taken[0] += end[0] - start[0]
                taken[1] += end[1] - start[1]
                taken[2] = end[2]
                taken[3] += start[0]
        machine.keep_picture(stage.picture("8-frame-buffer"))
    said = []
    for way, (screen, whole, device, begin) in sums.items():
        count = rounds * len(PAGES)
        stage.figures[f"a page through {way}, processor ms"] = f"{screen / count:.0f} of the screen, {whole / count:.0f} in all"
        said.append(f"{way} ({device}): {screen / count:.0f} ms a page, {begin / rounds:.0f} ms to the first")
    return "; ".join(said)


SCENARIOS = scenarios(("display", "what drawing costs through KMS and through the frame buffer", drawing))
