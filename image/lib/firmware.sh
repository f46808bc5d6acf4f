# shellcheck shell=bash
# What stands before U-Boot on a Raspberry Pi: the firmware of the Pi 4 (the Pi 5 has its own in flash), U-Boot, the device
# trees of the kernel with the public key in them, and config.txt.

PI_TREES=(bcm2711-rpi-4-b bcm2711-rpi-400 bcm2711-rpi-cm4-io bcm2712-rpi-5-b bcm2712-d-rpi-5-b)
PI_FIRMWARE=(start4.elf fixup4.dat)

pi_firmware_make() {
    local apt="$1/apt"
    apt_root "$apt" arm64 "$SUITE"
    (cd "$apt" && apt_in "$apt" apt-get -qq download raspi-firmware)
    dpkg-deb -x "$apt"/raspi-firmware_*.deb "$1/all"
    dpkg-deb -f "$apt"/raspi-firmware_*.deb Package Version >"$1/packages.txt"
    (cd "$1/all/usr/lib/raspi-firmware" && cp "${PI_FIRMWARE[@]}" "$1/")
    cp "$1/all/usr/share/doc/raspi-firmware/copyright" "$1/LICENCE.broadcom"
    rm -rf "$apt" "$1/all"
}

pi_firmware() { cached pi-firmware "$(digest "$SUITE" "${PI_FIRMWARE[*]}")" pi_firmware_make; }

# firmware_pi BOOT_FOLDER UBOOT_FOLDER _
firmware_pi() {
    local firmware name kernel_folder
    firmware=$(pi_firmware)
    kernel_folder=$(kernel)
    cp "$firmware"/{start4.elf,fixup4.dat,LICENCE.broadcom} "$1/"
    cp "$2/u-boot.bin" "$1/u-boot.bin"
    cp "$IMAGE_DIR/boot/config.txt" "$1/config.txt"
    pi_check "$kernel_folder"
    for name in "${PI_TREES[@]}"; do
        # A board that the kernel cannot start gets no tree, so that its firmware says so and U-Boot is not left alone with it.
        case $name in bcm2712*) pi_5 "$kernel_folder" || continue ;; esac
        [ -e "$kernel_folder/dtb/$name.dtb" ] || continue
        trusted_tree "$kernel_folder/dtb/$name.dtb" "$1/$name.dtb"
        card_first "$1/$name.dtb"
    done
    pi_5 "$kernel_folder" || say 'pi: this kernel cannot see the card of a Pi 5; the card is for the Pi 4'
    [ -e "$1/bcm2711-rpi-4-b.dtb" ] || die 'the kernel has no tree for the Pi 4'
    for name in start4.elf fixup4.dat u-boot.bin config.txt; do [ -s "$1/$name" ] || die "the boot partition has no $name"; done
    # Boot state and slots are looked for on device 0.
    fdtget "$1/bcm2711-rpi-4-b.dtb" /aliases mmc0 | grep -q '/mmc@7e340000$' || die 'the card of the Pi 4 is not number 0'
    # The tree requires the key, and U-Boot knows the tree's way of saying so.
    fdtget "$1/bcm2711-rpi-4-b.dtb" /signature/key-fit required | grep -qx conf || die 'the tree of the Pi 4 requires no signature'
    grep -qx 'CONFIG_FIT_SIGNATURE=y' "$2/config" || die 'U-Boot of the Pi looks at no signature'
    grep -qx 'CONFIG_OF_BOARD=y' "$2/config" || die 'U-Boot of the Pi does not take the tree of the firmware'
}

# card_first TREE: the card is number 0 for U-Boot and for Linux. Without a name both count in the order of the tree, in
# which the wireless chip's bus stands before the card's.
card_first() {
    local bus node
    for bus in /emmc2bus /emmc2-bus@fe000000 /soc@107c000000; do
        node=$(fdtget -l "$1" "$bus" 2>/dev/null | grep -xE 'mmc@(7e340000|fff000)' || true)
        [ -n "$node" ] || continue
        fdtput -t s "$1" /aliases mmc0 "$bus/$node"
        return
    done
    die "the tree ${1##*/} has no slot for a card where this recipe looks for it"
}

# What a Pi cannot do without, looked up in what was built, for no emulator has these boards.
pi_check() {
    local symbol
    for symbol in MMC_SDHCI_IPROC BCM2835_WDT DRM_VC4 DRM_V3D BCMGENET; do
        grep -qE "^CONFIG_$symbol=[ym]$" "$1/config" || die "the kernel is built without $symbol"
    done
    for symbol in sdhci-iproc bcm2835_wdt genet vc4; do
        grep -q "/$symbol\.ko" "$1/kept" || die "the root has no module $symbol"
    done
}

# Whether the kernel knows what a Pi 5 needs beyond that: its card, and the chip that has its ports.
pi_5() {
    local symbol
    for symbol in MMC_SDHCI_BRCMSTB MISC_RP1 COMMON_CLK_RP1 PINCTRL_RP1 MACB; do
        grep -qE "^CONFIG_$symbol=[ym]$" "$1/config" || return 1
    done
}

# pi_card_check CARD KERNEL_FOLDER: what a firmware will look for is on the finished card, read back from it: every file that
# config.txt names, the trees of the boards that this kernel serves and of no others, each with the key and requiring it.
pi_card_check() {
    local card=$1 work name sector boot
    work=$(mktemp -d)
    sector=$(sfdisk -d "$card" | sed -n 's/.*start= *\([0-9]*\),.*name="boot"$/\1/p')
    [ -n "$sector" ] || die 'the card has no boot partition'
    boot="$card@@$((sector * 512))"
    mcopy -n -i "$boot" '::*.*' "$work/" || die 'the boot partition cannot be read'
    while read -r name; do
        case $name in
        bcm2712*) pi_5 "$2" || continue ;;
        esac
        [ -s "$work/$name" ] || die "config.txt names $name, which is not on the card"
    done < <(sed -nE 's/^(kernel|start_file|fixup_file|device_tree)=//p' "$work/config.txt")
    for name in "${PI_TREES[@]}"; do
        if [ -e "$work/$name.dtb" ]; then
            case $name in bcm2712*) pi_5 "$2" || die "$name is on a card whose kernel cannot start it" ;; esac
            fdtget "$work/$name.dtb" /signature/key-fit required 2>/dev/null | grep -qx conf || die "$name requires no signature"
        else
            case $name in bcm2712*) if pi_5 "$2"; then die "$name is not on the card"; fi ;; *) die "$name is not on the card" ;; esac
        fi
    done
    # Nothing starts but U-Boot, and nobody lays anything over the trees.
    grep -qx 'kernel=u-boot.bin' "$work/config.txt" || die 'config.txt starts something else'
    if grep -qE '^(dtoverlay|initramfs|cmdline)' "$work/config.txt" || [ -e "$work/cmdline.txt" ]; then die 'config.txt adds to what is signed'; fi
    cmp -s "$work/u-boot.bin" "$(uboot pi)/u-boot.bin" || die 'another U-Boot is on the card'
    rm -rf "$work"
}
