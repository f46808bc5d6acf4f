# shellcheck shell=bash
# U-Boot for both boards, from Debian's source and its patches, with the fragments and the environment of boot/.
# Also the device tree that carries the public key: U-Boot takes the key from the tree it was started with.

UBOOT_VERSION=2025.01
# The date it tells at its start, that of its release: what is built once and kept serves many commits.
UBOOT_EPOCH=1736121600
# Variables that may be changed on the card, with the type that U-Boot holds them to (d: decimal, s: text, w: writable).
UBOOT_WRITABLE='BOOT_ORDER:sw,BOOT_A_LEFT:dw,BOOT_B_LEFT:dw,BOOT_RESET:dw'
declare -A UBOOT_BOARD=([vm]=qemu_arm64_defconfig [pi]=rpi_arm64_defconfig)

# Debian's source. The archive may miss the .dsc; the tarballs are checked against the digests of the signed index.
uboot_source_make() {
    local apt="$1/apt" line uri name sum
    apt_root "$apt" arm64 "$SUITE"
    apt_in "$apt" apt-get source --print-uris u-boot >"$1/uris"
    mkdir "$1/source"
    while read -r line; do
        read -r uri name _ sum <<<"${line//\'/}"
        case $name in *.orig.tar.bz2 | *.debian.tar.xz) ;; *) continue ;; esac
        /usr/lib/apt/apt-helper download-file "$uri" "$1/$name" "$sum" >/dev/null
        case $name in
        *.orig.tar.*) tar -xf "$1/$name" -C "$1/source" --strip-components=1 ;;
        *) tar -xf "$1/$name" -C "$1/source" ;;
        esac
        printf '%s %s\n' "$name" "$sum" >>"$1/sources.txt"
        rm "$1/$name"
    done < <(grep "^'" "$1/uris" | sort -k 2 -r)
    rm -rf "$apt" "$1/uris"
    grep -v '^#' "$1/source/debian/patches/series" | while read -r name; do
        patch -d "$1/source" -sp1 <"$1/source/debian/patches/$name"
    done
}

uboot_make() {
    local board=$UBOOT_FOR source=$UBOOT_SOURCE build
    build=$(mktemp -d "$CACHE/.uboot-XXXXXX")
    cat "$IMAGE_DIR/boot/env-common.txt" "$IMAGE_DIR/boot/env-$board.txt" >"$1/env.txt"
    cp "$source/configs/${UBOOT_BOARD[$board]}" "$build/base.config"
    {
        cat "$IMAGE_DIR/boot/uboot-common.config" "$IMAGE_DIR/boot/uboot-$board.config"
        printf 'CONFIG_DEFAULT_ENV_FILE="%s"\n' "$1/env.txt"
    } >"$build/fragment.config"
    # Later lines win, so the fragment stands after the board's own.
    (
        export CROSS_COMPILE=aarch64-linux-gnu- KCPPFLAGS="-DCFG_ENV_FLAGS_LIST_STATIC='\"$UBOOT_WRITABLE\"'"
        # The card of the vm hangs on PCI, which must be there before the boot state is read. There is no choice for it.
        [ "$board" != vm ] || KCPPFLAGS+=' -DCONFIG_SYS_EARLY_PCI_INIT'
        export KBUILD_BUILD_USER=image KBUILD_BUILD_HOST=image SOURCE_DATE_EPOCH=$UBOOT_EPOCH
        cd "$source" || exit
        # shellcheck disable=SC1007
        KCONFIG_CONFIG="$build/.config" scripts/kconfig/merge_config.sh -m -O "$build" "$build/base.config" \
            "$build/fragment.config" >/dev/null
        make -s O="$build" olddefconfig
        make -s -j"$(nproc)" O="$build" u-boot.bin tools
        make -s O="$build" u-boot-initial-env
    )
    cp "$build/u-boot.bin" "$build/u-boot-initial-env" "$1/"
    cp "$build/.config" "$1/config"
    mkdir "$1/tools"
    cp "$build/tools/"{mkimage,mkenvimage,fdt_add_pubkey,fit_check_sign,dumpimage} "$1/tools/"
    rm -rf "$build"
}

# uboot BOARD: the folder with u-boot.bin, the environment and the tools of the same version.
uboot() {
    UBOOT_FOR=$1
    UBOOT_SOURCE=$(cached uboot-source "$(digest "$SUITE" "$UBOOT_VERSION")" uboot_source_make)
    UBOOT_SOURCE+=/source
    cached "uboot-$1" "$(digest "$UBOOT_SOURCE/../sources.txt" "$UBOOT_WRITABLE" "$IMAGE_DIR/boot"/uboot-{common,"$1"}.config \
        "$IMAGE_DIR/boot"/env-{common,"$1"}.txt)" uboot_make
}

# The two copies of the boot state for a fresh card: what U-Boot would save itself, and a data partition to be made.
boot_state() {
    local from=$1 to=$2
    printf '%s\n' 'BOOT_ORDER=A B' 'BOOT_A_LEFT=4' 'BOOT_B_LEFT=4' 'BOOT_RESET=1' >"$to/boot-state.txt"
    "$from/tools/mkenvimage" -r -s 0x4000 -o "$to/boot-state.bin" "$to/boot-state.txt"
}
