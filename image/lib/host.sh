# shellcheck shell=bash
# What this machine needs to build an image: packages, and the tools of Rust.

HOST_PACKAGES=(mmdebstrap qemu-user-static binfmt-support arch-test debian-archive-keyring erofs-utils squashfs-tools
    mtools dosfstools genimage e2fsprogs fdisk cpio zstd xz-utils lz4 kmod device-tree-compiler u-boot-tools rauc openssl
    socat cryptsetup-bin bc crossbuild-essential-arm64 bison flex libssl-dev libgnutls28-dev swig python3-dev
    python3-setuptools systemd shellcheck pkg-config build-essential bzip2 git ca-certificates meson ninja-build libglib2.0-dev-bin)
QEMU_PACKAGES=(qemu-system-arm qemu-system-common qemu-system-data qemu-utils ipxe-qemu)

host_packages() {
    export DEBIAN_FRONTEND=noninteractive
    need_root 'installing host packages'
    apt-get -qq update
    apt-get install -y -qq --no-install-recommends "${HOST_PACKAGES[@]}" >/dev/null
    host_qemu
    host_binfmt
}

# QEMU of bookworm is too old for the tests and would remove newer parts that may be here already: there it comes from
# the backports, through a set of lists of its own.
host_qemu() {
    if command -v qemu-system-aarch64 >/dev/null; then return; fi
    local codename lists
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    if [ "$codename" != bookworm ]; then
        apt-get install -y -qq --no-install-recommends "${QEMU_PACKAGES[@]}" >/dev/null
        return
    fi
    lists=$(mktemp -d)
    apt_root "$lists" "$(dpkg --print-architecture)" bookworm bookworm-backports
    # The packages installed here count, unlike elsewhere.
    sed -i '/State::status/d' "$lists/apt.conf"
    apt_in "$lists" apt-get install -y -qq --no-install-recommends -t bookworm-backports "${QEMU_PACKAGES[@]}" >/dev/null
    rm -rf "$lists"
}

# Programs of arm64 run through binfmt_misc, which not every machine mounts.
host_binfmt() {
    local place=/proc/sys/fs/binfmt_misc
    [ -e "$place/status" ] || mount -t binfmt_misc binfmt_misc "$place"
    [ -e "$place/qemu-aarch64" ] || update-binfmts --enable qemu-aarch64
    arch-test arm64 >/dev/null || die 'this machine does not run programs of arm64'
}
