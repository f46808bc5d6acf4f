# shellcheck shell=bash
# The card of a target, from the parts of a slot: boot partition, boot state, both slots, an empty data partition.

# QEMU's machine for the vm, in one place: the device tree below is made for it and holds for no other.
VM_MACHINE=(-M 'virt-10.0,acpi=off,gic-version=2' -cpu cortex-a72 -smp 2 -m 1024)

# The device tree of the vm with the public key. Seeds in it are random, so they go: the vm has a random device.
vm_tree() {
    local raw
    raw=$(mktemp)
    qemu-system-aarch64 "${VM_MACHINE[@]/%gic-version=2/gic-version=2,dumpdtb=$raw}" -display none -nodefaults >/dev/null 2>&1
    fdtput -d "$raw" /chosen rng-seed kaslr-seed 2>/dev/null || true
    trusted_tree "$raw" "$1"
    rm "$raw"
}

# card TARGET SLOT_FOLDER OUT_FOLDER
card() {
    local target=$1 from=$2 into=$3 work board
    board=$(uboot "$target")
    work=$(mktemp -d)
    mkdir -p "$work/in" "$work/boot/provision" "$into"
    ln -s "$(realpath "$from/boot.img")" "$(realpath "$from/rootfs.img")" "$work/in/"
    "firmware_$target" "$work/boot" "$board" "$into"
    boot_partition "$work/boot" "$work/in/boot.vfat"
    boot_state "$board" "$work/in"
    : >"$work/in/data.img"
    truncate -s 1M "$work/in/data.img"
    genimage --config "$IMAGE_DIR/partitions/card.cfg" --rootpath "$work/boot" --tmppath "$work/tmp" \
        --inputpath "$work/in" --outputpath "$work/out" --loglevel 1
    mv "$work/out/card.img" "$into/bianmin-$target.img"
    if [ "$target" = pi ]; then pi_card_check "$into/bianmin-pi.img" "$(kernel)"; fi
    rm -rf "$work"
}

# boot_partition FOLDER FILE: a FAT of 64 MiB with the files of the folder, the same bytes for the same files.
boot_partition() {
    local path
    truncate -s 64M "$2"
    mkfs.vfat -F 32 -n BIANMIN -i b1a00001 --invariant "$2" >/dev/null
    find "$1" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -mindepth 1 | sort) | while read -r path; do
        if [ -d "$1/$path" ]; then
            mmd -i "$2" "::${path#./}"
        else
            mcopy -m -i "$2" "$1/$path" "::${path#./}"
        fi
    done
}

# The vm starts U-Boot and the device tree from files beside the card, as a board does from its boot partition.
firmware_vm() {
    cp "$2/u-boot.bin" "$3/u-boot-vm.bin"
    vm_tree "$3/vm.dtb"
}
