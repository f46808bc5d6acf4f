# shellcheck shell=bash
# Debian packages of other suites and of arm64, without touching the apt of this machine.
#
# The address of the archive is the one this machine's own apt uses; it is read when it is needed and kept nowhere.

SUITE=trixie
KERNEL_SUITE=${IMAGE_KERNEL_SUITE:-trixie}

# The address of Debian's archive, as the apt of this machine has it.
archive() {
    if [ -n "${IMAGE_ARCHIVE:-}" ]; then
        printf '%s\n' "$IMAGE_ARCHIVE"
        return
    fi
    # Plain "debian" at the end leaves the security archive out.
    apt-get indextargets --format '$(REPO_URI)' | sed -n 's#^\(.*/debian\)/*$#\1#p' | sort -u | head -n 1
}

# sources SUITE...: one-line sources of these suites, with the updates and security fixes of a stable suite.
sources() {
    local uri suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    uri=$(archive)
    [ -n "$uri" ] || die 'this machine has no Debian source in its apt; set IMAGE_ARCHIVE'
    for suite in $(printf '%s\n' "$@" | sort -u); do
        printf 'deb [signed-by=%s] %s %s main non-free-firmware\n' "$keyring" "$uri" "$suite"
        printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite"
        if [ "$suite" = "$SUITE" ]; then
            printf 'deb [signed-by=%s] %s %s-updates main non-free-firmware\n' "$keyring" "$uri" "$suite"
            printf 'deb [signed-by=%s] %s-security %s-security main non-free-firmware\n' "$keyring" "$uri" "$suite"
        fi
    done
}

# apt_root FOLDER ARCHITECTURE SUITE...: a folder with lists of its own, for apt_in.
apt_root() {
    local root=$1 architecture=$2
    shift 2
    mkdir -p "$root"/{lists/partial,archives/partial,parts}
    : >"$root/status"
    sources "$@" >"$root/sources.list"
    cat >"$root/apt.conf" <<CONF
Dir::Etc::SourceList "$root/sources.list";
Dir::Etc::SourceParts "$root/parts";
Dir::State::Lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root";
Dir::Cache::archives "$root/archives";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
    apt_in "$root" apt-get -qq update
}

apt_in() {
    local root=$1
    shift
    APT_CONFIG="$root/apt.conf" "$@"
}
