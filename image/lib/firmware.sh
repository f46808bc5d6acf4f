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

# firmware_pi BOOT_FOLDER UBOOT_FOLDER _
firmware_pi() {
    local firmware name kernel_folder
    firmware=$(cached pi-firmware "$(digest "$SUITE" "${PI_FIRMWARE[*]}")" pi_firmware_make)
    kernel_folder=$(kernel)
    cp "$firmware"/{start4.elf,fixup4.dat,LICENCE.broadcom} "$1/"
    cp "$2/u-boot.bin" "$1/u-boot.bin"
    cp "$IMAGE_DIR/boot/config.txt" "$1/config.txt"
    for name in "${PI_TREES[@]}"; do
        # Not every kernel has every board.
        [ -e "$kernel_folder/dtb/$name.dtb" ] || continue
        trusted_tree "$kernel_folder/dtb/$name.dtb" "$1/$name.dtb"
    done
    [ -e "$1/bcm2711-rpi-4-b.dtb" ] && [ -e "$1/bcm2712-rpi-5-b.dtb" ] || die 'the kernel has no tree for the Pi 4 or 5'
    pi_check "$kernel_folder"
}

# What a Pi cannot do without, looked up in what was built, for no emulator has these boards.
pi_check() {
    local symbol
    for symbol in MMC_SDHCI_BRCMSTB MISC_RP1 COMMON_CLK_RP1 PINCTRL_RP1 BCM2835_WDT DRM_VC4 DRM_V3D BCMGENET MACB; do
        grep -qE "^CONFIG_$symbol=[ym]$" "$1/config" || die "the kernel is built without $symbol"
    done
    for symbol in sdhci-brcmstb bcm2835_wdt rp1_pci genet macb vc4; do
        grep -q "/$symbol\.ko" "$1/kept" || die "the root has no module $symbol"
    done
}
