# shellcheck shell=bash
# The kernel: Debian's, newer than that of the suite because the Raspberry Pi 5 needs it. Only the modules of
# modules.list are kept; they carry Debian's signature and the kernel takes no others.

KERNEL_PACKAGES=(linux-binary linux-modules linux-base)

# Folder: kernel.lz4, release, boot-modules (names in the order in which they are loaded), tree/usr/lib/modules, dtb.
kernel_make() {
    local apt="$1/apt" name release folder keep more
    apt_root "$apt" arm64 "$SUITE" "$KERNEL_SUITE"
    release=$(apt_in "$apt" apt-cache depends "linux-image-arm64/$KERNEL_SUITE" |
        sed -n 's/.*Depends: linux-image-\([0-9].*\)$/\1/p')
    [ -n "$release" ] || die "no kernel in $KERNEL_SUITE"
    printf '%s\n' "$release" >"$1/release"
    (cd "$apt" && apt_in "$apt" apt-get -qq download "${KERNEL_PACKAGES[@]/%/-$release}" busybox-static)
    : >"$1/packages.txt"
    for name in "$apt"/*.deb; do
        dpkg-deb -x "$name" "$1/all"
        dpkg-deb -f "$name" Package Version Source >>"$1/packages.txt"
    done
    folder="$1/all/usr/lib/modules/$release"
    lz4 -q -9 "$folder/vmlinuz" "$1/kernel.lz4"
    cp "$folder/config" "$1/config"
    cp "$1/all/usr/bin/busybox" "$1/busybox"
    mkdir -p "$1/dtb" "$1/tree/usr/lib/modules/$release"
    cp "$folder"/dtb/broadcom/bcm27*.dtb "$1/dtb/"

    depmod -b "$1/all/usr" "$release"
    kernel_modules | while read -r keep more; do
        modprobe -d "$1/all/usr" -S "$release" --show-depends "$(basename "$keep" .ko)" |
            sed -n 's/^insmod //p' | while read -r name; do
            printf '%s\n' "${name#"$folder"/}"
            if [ "$more" = boot ]; then printf '%s\n' "${name#"$folder"/}" >>"$1/boot-all"; fi
        done || exit 1
    done | sort -u >"$1/kept"
    # A module stands behind what it needs because modprobe names them so; the first mention counts.
    awk '!seen[$0]++' "$1/boot-all" >"$1/boot-modules"
    (cd "$folder" && xargs cp --parents -t "$1/tree/usr/lib/modules/$release" <"$1/kept")
    cp "$folder"/modules.{builtin,builtin.modinfo,order} "$1/tree/usr/lib/modules/$release/"
    depmod -b "$1/tree/usr" "$release"
    rm -rf "$apt" "$1/all" "$1/boot-all"
}

kernel_modules() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$IMAGE_DIR/modules.list"; }

kernel() { cached kernel "$(digest "$KERNEL_SUITE" "$IMAGE_DIR/modules.list" "${KERNEL_PACKAGES[*]}")" kernel_make; }
