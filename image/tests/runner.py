"""The command `image/test`: the fake lane, the scenarios in the emulator, the table."""

import os
import pathlib
import shutil
import subprocess
import sys
import time
import traceback
import unittest

from lab.waiting import Failed

TESTS = pathlib.Path(__file__).resolve().parent
# Program that is looked for, and the package that holds it.
FAKE_NEEDS = {"rauc": "rauc", "openssl": "openssl", "unsquashfs": "squashfs-tools", "softhsm2-util": "softhsm2",
              "pkcs11-tool": "opensc", "engines-3/pkcs11.so": "libengine-pkcs11-openssl"}
MACHINE_NEEDS = FAKE_NEEDS | {"qemu-system-aarch64": "qemu-system-arm", "qemu-img": "qemu-utils", "socat": "socat",
                              "mcopy": "mtools", "lz4": "lz4", "cpio": "cpio", "modprobe": "kmod",
                              "veritysetup": "cryptsetup-bin"}
# QEMU that is older has neither the touchscreen nor the card as they are used here.
OLDEST_EMULATOR = 8


class Table:
    """Lines of the report: name, outcome, seconds, what was seen."""

    def __init__(self, out=sys.stdout):
        self.rows, self._out = [], out

    def add(self, name, passed, seconds, seen):
        """One line, printed at once and again at the end."""
        self.rows.append((name, passed, seconds, seen))
        print(self._line(*self.rows[-1]), file=self._out, flush=True)

    @staticmethod
    def _line(name, passed, seconds, seen):
        return f"{'passed' if passed else 'FAILED'} {seconds:7.1f} s  {name}{': ' + seen if seen else ''}"

    def close(self):
        """Prints the whole table with its sum; returns the exit code."""
        print("\n" + "\n".join(self._line(*row) for row in self.rows), file=self._out)
        failed = sum(not passed for _, passed, _, _ in self.rows)
        print(f"{len(self.rows) - failed} passed, {failed} failed", file=self._out, flush=True)
        return 1 if failed or not self.rows else 0


def there(name):
    """Whether a program is installed, or a part of a library that is named by its end of the path."""
    return any(pathlib.Path("/usr/lib").glob(f"*/{name}")) if "/" in name else shutil.which(name) is not None


def install(needs):
    """Installs packages of programs that are missing; says what to install where that is not possible."""
    missing = sorted({package for program, package in needs.items() if not there(program)})
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise SystemExit(f"image/test: install these first: {' '.join(missing)}")
    if "qemu-system-arm" in missing or "qemu-utils" in missing:
        # Which suite has an emulator that is new enough is known to the build.
        subprocess.run(["bash", "-c", ". image/lib/common.sh; . image/lib/debian.sh; . image/lib/host.sh; host_qemu"],
                       cwd=TESTS.parents[1], check=True)
        missing = [package for package in missing if not package.startswith("qemu")]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], check=True, env=environment)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=environment,
                   stdout=subprocess.DEVNULL)


def emulator_is_new():
    """Whether the emulator can be used; an old one is named instead of failing somewhere in the middle."""
    said = subprocess.run(["qemu-system-aarch64", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(said.split("version ")[1].split(".")[0]) >= OLDEST_EMULATOR


class TableResult(unittest.TestResult):
    """Turns outcomes of unittest into lines."""

    def __init__(self, table):
        super().__init__()
        self._table, self._start = table, 0.0

    def startTest(self, test):
        super().startTest(test)
        self._start = time.monotonic()

    def _add(self, test, passed, error=None):
        name = test.id().split(".")[-1].removeprefix("test_").replace("_", " ")
        self._table.add(name, passed, time.monotonic() - self._start, str(error[1]).splitlines()[0] if error else "")
        if error:
            traceback.print_exception(*error, file=sys.stderr)

    def addSuccess(self, test):
        self._add(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(test, False, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._add(test, False, err)


def fake():
    """The lane without an emulator."""
    install(FAKE_NEEDS)
    table = Table()
    for folder in ("unit", "fake"):
        suite = unittest.defaultTestLoader.discover(str(TESTS / folder), top_level_dir=str(TESTS))
        suite.run(TableResult(table))
    return table.close()


def machine(form, names):
    """The scenarios, in their order; those that need one that failed are said to fail for it."""
    install(MACHINE_NEEDS)
    if not emulator_is_new():
        raise SystemExit(f"image/test: the emulator is older than {OLDEST_EMULATOR}")
    from scenarios import SCENARIOS, Stage
    chosen = [scenario for scenario in SCENARIOS if not names or any(scenario.name.startswith(name) for name in names)]
    if not chosen:
        raise SystemExit(f"image/test: no scenario begins with {' or '.join(names)}; see image/test list")
    table = Table()
    with Stage(form, fresh=not names) as stage:
        for scenario in chosen:
            start = time.monotonic()
            try:
                seen, passed = scenario.play(stage) or "", True
            except Failed as error:
                seen, passed = str(error), False
            except (OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
                traceback.print_exc()
                seen, passed = f"{type(error).__name__}: {error}", False
            table.add(scenario.title, passed, time.monotonic() - start, seen)
        figures = stage.figures
    if figures:
        print("\n" + "\n".join(f"{name:40} {value}" for name, value in figures.items()))
    return table.close()


def main(arguments):
    """Runs the command; returns its exit code."""
    match arguments:
        case ["fake"]:
            return fake()
        case ["short" | "long" as form, *names]:
            return machine(form, names)
        case ["list"]:
            from scenarios import SCENARIOS
            print("\n".join(f"{scenario.name:16} {scenario.title}" for scenario in SCENARIOS))
            return 0
        case ["--help" | "-h"]:
            print(sys.modules["__main__"].__doc__)
            return 0
        case _:
            print(sys.modules["__main__"].__doc__, file=sys.stderr)
            return 2
