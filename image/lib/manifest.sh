# shellcheck shell=bash
# What is in an image, for people and for tools: manifest.json (digests, versions, root hash) and sbom.json (CycloneDX).

# manifest FILE...: writes manifest.json beside them.
manifest() {
    local base kernel_folder uboot added file
    base=$(root_base)
    kernel_folder=$(kernel)
    uboot=$(grep -h . "$(uboot vm)"/../uboot-source-*/sources.txt | sed -n 's/^u-boot_\(.*\)\.debian.*/\1/p' | head -n 1)
    python3 - "$OUT" "$IMAGE_VERSION" "$SOURCE_DATE_EPOCH" "$(cat "$OUT/slot/root-hash")" "$(cat "$kernel_folder/release")" \
        "$(git -C "$TREE" rev-parse HEAD 2>/dev/null || echo unknown)" "$uboot" "$@" <<'PY'
import hashlib, json, os, sys
out, version, epoch, root_hash, kernel, commit, uboot, *files = sys.argv[1:]
def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
names = sorted(os.path.basename(file) for file in files)
json.dump({
    "version": version, "commit": commit, "source_date_epoch": int(epoch), "root_hash": root_hash,
    "kernel": kernel, "u_boot": uboot,
    "files": {name: {"bytes": os.path.getsize(f"{out}/{name}"), "sha256": digest(f"{out}/{name}")} for name in names},
}, open(f"{out}/manifest.json", "w"), indent=2)
PY
    # What does not come with the root's packages.
    added=$(mktemp)
    {
        cat "$kernel_folder/packages.txt"
        printf 'Package: u-boot\nVersion: %s\n' "$uboot"
        if rauc_is_newer; then cat "$(rauc_newer)/packages.txt"; fi
        for file in "$@"; do
            case $file in *-pi.img) cat "$(pi_firmware)/packages.txt" ;; esac
        done
    } >"$added"
    python3 "$IMAGE_DIR/lib/sbom.py" "$base/dpkg-status" "$added" "$TREE" "$IMAGE_VERSION" "$SOURCE_DATE_EPOCH" >"$OUT/sbom.json"
    rm "$added"
}
