# shellcheck shell=bash
# The kernel: Debian's. Only the modules of modules.list are kept; they carry Debian's signature and the kernel takes no
# others.
#
# The suite's own (6.12), or with IMAGE_KERNEL_SUITE=trixie-backports the newer one of its backports (7.3), which the
# Raspberry Pi 5 needs: the 6.12 of Debian cannot see its card. RAUC 1.13 does not know what a dm-verity of 7.1 and later
# says of itself and refuses every bundle there, so a newer kernel brings a newer RAUC with it (lib/rauc.sh).

# Folder: kernel.lz4, release, boot-modules (names in the order in which they are loaded), tree/usr/lib/modules, dtb.
kernel_make() {
    local apt="$1/apt" name release folder trees keep more image
    apt_root "$apt" arm64 "$SUITE" "$KERNEL_SUITE"
    # Of the suite itself the newest, fixes included: naming the suite would leave those of its security archive out.
    image=linux-image-arm64
    [ "$KERNEL_SUITE" = "$SUITE" ] || image+=/$KERNEL_SUITE
    release=$(apt_in "$apt" apt-cache depends "$image" | sed -n 's/.*Depends: linux-image-\([0-9].*\)$/\1/p' | head -n 1)
    [ -n "$release" ] || die "no kernel in $KERNEL_SUITE"
    printf '%s\n' "$release" >"$1/release"
    (cd "$apt" && apt_in "$apt" apt-get -qq download busybox-static &&
        # One package in the suite, three in the backports.
        if [ "$KERNEL_SUITE" = "$SUITE" ]; then
            apt_in "$apt" apt-get -qq download "linux-image-$release"
        else
            apt_in "$apt" apt-get -qq download "linux-binary-$release" "linux-modules-$release" "linux-base-$release"
        fi)
    : >"$1/packages.txt"
    for name in "$apt"/*.deb; do
        dpkg-deb -x "$name" "$1/all"
        dpkg-deb -f "$name" Package Version Source >>"$1/packages.txt"
    done
    folder="$1/all/usr/lib/modules/$release"
    if [ -e "$folder/vmlinuz" ]; then
        lz4 -q -9 "$folder/vmlinuz" "$1/kernel.lz4"
        cp "$folder/config" "$1/config"
        trees=$folder/dtb
    else
        lz4 -q -9 "$1/all/boot/vmlinuz-$release" "$1/kernel.lz4"
        cp "$1/all/boot/config-$release" "$1/config"
        trees=$1/all/usr/lib/linux-image-$release
    fi
    cp "$1/all/usr/bin/busybox" "$1/busybox"
    mkdir -p "$1/dtb" "$1/tree/usr/lib/modules/$release"
    cp "$trees"/broadcom/bcm27*.dtb "$1/dtb/"

    depmod -b "$1/all/usr" "$release"
    kernel_modules | while read -r keep more; do
        # What an older kernel does not have yet, or has built in.
        modinfo -b "$1/all/usr" -k "$release" -n "$(basename "$keep" .ko)" >/dev/null 2>&1 || {
            say "kernel: no module $keep in $release"
            continue
        }
        modprobe -d "$1/all/usr" -S "$release" --show-depends "$(basename "$keep" .ko)" |
            sed -n 's/^insmod //p' | while read -r name; do
            printf '%s\n' "${name#"$folder"/}"
            if [ "$more" = boot ]; then printf '%s\n' "${name#"$folder"/}" >>"$1/boot-all"; fi
        done || exit 1
    done | sort -u >"$1/kept"
    # A module stands behind what it needs because modprobe names them so; the first mention counts.
    awk '!seen[$0]++' "$1/boot-all" >"$1/boot-modules"
    (cd "$folder" && xargs cp --parents -t "$1/tree/usr/lib/modules/$release" <"$1/kept")
    cp "$folder"/modules.{builtin*,order} "$1/tree/usr/lib/modules/$release/"
    depmod -b "$1/tree/usr" "$release"
    rm -rf "$apt" "$1/all" "$1/boot-all"
}

kernel_modules() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$IMAGE_DIR/modules.list"; }

kernel() { cached kernel "$(digest "$KERNEL_SUITE" "$IMAGE_DIR/modules.list" 3)" kernel_make; }
