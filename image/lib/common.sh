# shellcheck shell=bash
# What every part of the build uses: places, the time of the source, a line per step with its seconds, and the cache.
#
# A cached result lies in "$CACHE/NAME-KEY", where KEY is a digest of all that goes in. A result is made beside its
# place and moved there when it is whole, so a build that was cut short leaves nothing half done.

IMAGE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TREE=$(cd "$IMAGE_DIR/.." && pwd)
OUT=${IMAGE_OUT:-$TREE/target/image}
CACHE=${IMAGE_CACHE:-$OUT/cache}
# Public halves and, in development alone, private ones. In production the private ones are on tokens: IMAGE_KEYS is a folder
# with ca.pem, bundle.pem, fit.crt and enrolment.pub, IMAGE_BUNDLE_KEY and IMAGE_FIT_KEY are pkcs11: addresses.
KEYS=${IMAGE_KEYS:-$OUT/keys}
BUNDLE_KEY=${IMAGE_BUNDLE_KEY:-}
FIT_KEY=${IMAGE_FIT_KEY:-}
CARGO_TARGET=${CARGO_TARGET_DIR:-$TREE/target}
RUST_TARGET=aarch64-unknown-linux-gnu
# The same for every image: the slots are told apart by their hash, not by these.
ROOT_UUID=6b1a7d0e-1c5e-4f53-9a41-b1a000000001
export LC_ALL=C TZ=UTC
# A failure inside $(...) is a failure.
shopt -s inherit_errexit

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$TREE" log -1 --format=%ct 2>/dev/null || echo 1764000000)}
export SOURCE_DATE_EPOCH

say() { printf '%s\n' "$*" >&2; }

die() {
    say "image: $*"
    exit 1
}

# need_root WHY: mmdebstrap keeps owners right only as root; everything else runs as anybody.
need_root() { [ "$(id -u)" -eq 0 ] || die "$1 needs root"; }

# step NAME COMMAND...: runs the command and writes its wall and processor seconds to the table of the build.
step() {
    local name=$1 start end before after
    shift
    mkdir -p "$OUT"
    say "== $name"
    start=$(date +%s.%N)
    before=$(cpu_seconds)
    "$@"
    end=$(date +%s.%N)
    after=$(cpu_seconds)
    printf '%-12s %7.1f s wall %7.1f s processor\n' "$name" "$(bc -l <<<"$end - $start")" \
        "$(bc -l <<<"$after - $before")" | tee -a "$OUT/steps.txt" >&2
}

# Seconds of processor that this shell and its finished children used.
cpu_seconds() {
    local ticks
    read -r -a ticks <"/proc/$$/stat"
    bc -l <<<"(${ticks[13]} + ${ticks[14]} + ${ticks[15]} + ${ticks[16]}) / $(getconf CLK_TCK)"
}

# digest FILE_OR_FOLDER_OR_WORD...: one digest over names, modes and contents.
digest() {
    local item
    for item in "$@"; do
        if [ -e "$item" ]; then
            (cd "$(dirname "$item")" && find "$(basename "$item")" \( -type f -o -type l \) -printf '%m %l ' -print | sort &&
                find "$(basename "$item")" -type f -print0 | sort -z | xargs -0r sha256sum)
        else
            printf '%s\n' "$item"
        fi
    done | sha256sum | cut -c1-16
}

# cached NAME KEY FUNCTION: prints the folder with the result; calls FUNCTION FOLDER when there is none yet.
cached() {
    local place="$CACHE/$1-$2" fresh code
    if [ ! -d "$place" ]; then
        mkdir -p "$CACHE"
        fresh=$(mktemp -d "$CACHE/.new-$1-XXXXXX")
        chmod 755 "$fresh"
        # A subshell outside of any condition: there alone does "set -e" hold inside the function.
        set +e
        (
            set -e
            "$3" "$fresh"
        ) >&2
        code=$?
        set -e
        if [ "$code" -ne 0 ]; then
            rm -rf "$fresh"
            die "making $1 failed"
        fi
        mv "$fresh" "$place"
    fi
    printf '%s\n' "$place"
}
