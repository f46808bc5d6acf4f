"""Setting up: the wizard on a fresh card, provisioning by file, factory reset."""

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


def by_file(stage):
    """Settings from the boot partition are taken once and survive a restart without the files."""
    with stage.from_served("by-file") as machine:
        agent = stage.agent(machine)
        place = agent.ok("cat /data/kiosk/config.d/*.toml")
        if 'code = "K032"' not in place:
            raise Failed("the settings on the data partition are not those of the file")
        status = stage.status(agent)
        kind = agent.ok("cat /run/kiosk-data/state")
        since = machine.console.mark()
        agent.ok("systemctl reboot --no-block")
        machine.console.wait(HEALTHY, BOOT, since, unless=SICK)
        if agent.ok("cat /data/kiosk/config.d/*.toml") != place:
            raise Failed("the settings changed")
        if agent.ok("hostname") != "k032":
            raise Failed("the machine is not called after its kiosk")
    return f"data partition {kind}; {', '.join(sorted(status))[:60]}"


def factory_reset(stage):
    """Everything of one kiosk is gone after the documented command; the files on the card provision it anew."""
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
    return "made anew once, provisioned from the card"


SCENARIOS = scenarios(
    ("wizard", "a fresh card shows the wizard", wizard),
    ("by-file", "provisioning by file, and the settings stay", by_file),
    ("reset", "factory reset leaves nothing of the kiosk", factory_reset),
)
