"""List of parts of the image as CycloneDX 1.5 JSON, to standard output.

sbom.py DPKG_STATUS ADDED_PACKAGES TREE VERSION EPOCH

Debian packages come from the root's own list and from what came apart from it (ADDED_PACKAGES: kernel, busybox, U-Boot,
the firmware of a Pi, and a RAUC that replaces the root's), crates from what cargo resolves for the machine's build of the two programs. A package that was
added takes the place of the root's own of that name. Sorted, and with no clock and no chance in it: the same image gives the
same list.
"""
import json
import subprocess
import sys
from datetime import datetime, timezone


def paragraphs(path):
    """Yields the paragraphs of a Debian control file as dictionaries; a new `Package` begins a paragraph as well."""
    fields = {}
    for line in open(path, encoding="utf-8"):
        if not line.strip() or (line.startswith("Package:") and fields):
            if fields:
                yield fields
            fields = {}
        if line.strip() and not line.startswith((" ", "\t")):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def debian(path):
    for package in paragraphs(path):
        if "not-installed" in package.get("Status", "") or "Version" not in package:
            continue
        name, version = package["Package"], package["Version"]
        reference = f"pkg:deb/debian/{name}@{version}?arch={package.get('Architecture', 'arm64')}"
        yield {"type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference}


def crates(tree):
    listed = subprocess.run(
        ["cargo", "tree", "--locked", "--target", "aarch64-unknown-linux-gnu", "-p", "kiosk", "--no-default-features",
         "--features", "device", "-e", "normal", "--prefix", "none", "--format", "{p}\t{l}"],
        cwd=tree, check=True, capture_output=True, text=True).stdout
    for line in sorted(set(listed.splitlines())):
        package, _, licence = line.partition("\t")
        name, version, *_ = package.split()
        version = version.removeprefix("v")
        reference = f"pkg:cargo/{name}@{version}"
        component = {"type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference}
        licence = licence.replace(" (*)", "").strip()
        if licence:
            component["licenses"] = [{"expression": licence.replace("/", " OR ")}]
        yield component


status, added, tree, version, epoch = sys.argv[1:]
packages = {part["name"]: part for part in [*debian(status), *debian(added)]}
parts = {part["bom-ref"]: part for part in [*packages.values(), *crates(tree)]}
json.dump({
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    "metadata": {
        "timestamp": datetime.fromtimestamp(int(epoch), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "component": {"type": "operating-system", "name": "bianmin-kiosk", "version": version},
    },
    "components": [parts[reference] for reference in sorted(parts)],
}, sys.stdout, indent=1, ensure_ascii=False)
