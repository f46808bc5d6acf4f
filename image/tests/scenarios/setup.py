"""Setting up: the wizard on a fresh card, factory reset."""

from lab.waiting import Failed, until

from .scenario import scenarios
from .stage import BOOT, HEALTHY, SICK


def wizard(stage):
    """A card as shipped shows the first page of the wizard, without a network and without settings."""
    card = stage.overlay(stage.plain(), "wizard")
    with stage.machine(card, network=False) as machine:
        machine.page(BOOT)
        machine.keep_picture(stage.picture("2-wizard"))
        machine.fingers.tap(540, 1664)
        until("the wizard goes on", 10, lambda: True)
        machine.keep_picture(stage.picture("2-wizard-touched"))
    return "see 2-wizard.png"


def factory_reset(stage):
    """Everything on the data partition is gone after the documented command, and it is made once."""
    with stage.from_served("reset") as machine:
        agent = stage.agent(machine)
        agent.ok("touch /data/kiosk/store/mine; sync; fw_setenv BOOT_RESET 1")
        since = machine.console.mark()
        agent.ok("systemctl reboot --no-block")
        machine.console.wait(HEALTHY, BOOT, since, unless=SICK)
        if agent.run("test -e /data/kiosk/store/mine")[0] == 0:
            raise Failed("a file of before is still there")
        if agent.ok("fw_printenv -n BOOT_RESET") != "0":
            raise Failed("the next start would reset again")
    return "made anew, once"


SCENARIOS = scenarios(
    ("wizard", "a fresh card shows the wizard", wizard),
    ("reset", "factory reset leaves nothing of the kiosk", factory_reset),
)
