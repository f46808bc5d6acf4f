# shellcheck shell=bash
# From a root tree to what a slot holds: rootfs.img (EROFS with its hash tree behind it) and boot.img (the signed FIT).

VERITY_SALT=b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0b1a0

# slot TREE FOLDER: FOLDER/{rootfs.img,boot.img,root-hash}. The salt is fixed so that the same tree gives the same bytes;
# it adds nothing here, where the hash is public and signed. Clusters of one block: larger ones
# would save a tenth of an update and cost more at every start (README.md, "Bytes over the line").
slot() {
    local tree=$1 into=$2 size hash
    mkdir -p "$into"
    rm -f "$into/rootfs.img"
    mkfs.erofs -zlz4hc -C4096 -T "$SOURCE_DATE_EPOCH" -U "$ROOT_UUID" "$into/rootfs.img" "$tree" >/dev/null 2>&1
    size=$(stat -c %s "$into/rootfs.img")
    size=$(((size + 4095) / 4096 * 4096))
    truncate -s "$size" "$into/rootfs.img"
    hash=$(veritysetup format "$into/rootfs.img" "$into/rootfs.img" --hash-offset="$size" --salt="$VERITY_SALT" \
        --uuid="$ROOT_UUID" | sed -n 's/^Root hash:[[:space:]]*//p')
    truncate -s %4096 "$into/rootfs.img"
    printf '%s\n' "$hash" >"$into/root-hash"
    initrd "$into" "$tree" "$hash" "$size"
    fit "$into"
}

# fit FOLDER: signs kernel and FOLDER/initrd.zst into FOLDER/boot.img.
fit() {
    local into=$1 kernel_folder tools signer=(-k "$KEYS")
    if [ -n "$FIT_KEY" ]; then signer=(-N pkcs11 -k "$FIT_KEY"); fi
    kernel_folder=$(kernel)
    tools=$(uboot vm)/tools
    ln -sf "$kernel_folder/kernel.lz4" "$into/kernel.lz4"
    sed -e "s/@VERSION@/$IMAGE_VERSION/" -e "s/@KERNEL@/$(cat "$kernel_folder/release")/" \
        "$IMAGE_DIR/boot/fit.its.in" >"$into/fit.its"
    "$tools/mkimage" -q -D "-q -I dts -O dtb -p 1024 -i $into" -f "$into/fit.its" "${signer[@]}" -r "$into/boot.img" >/dev/null
    # Whole blocks, of which an update fetches those that are new.
    truncate -s %4096 "$into/boot.img"
    [ "$(stat -c %s "$into/boot.img")" -le $((40 << 20)) ] || die 'the boot image is larger than its partition'
    rm "$into/kernel.lz4" "$into/fit.its" "$into/initrd.zst"
}

# trusted_tree IN OUT: a copy of a device tree with the public key, which every start then requires.
trusted_tree() {
    local tools
    tools=$(uboot vm)/tools
    cp "$1" "$2"
    chmod 644 "$2"
    "$tools/fdt_add_pubkey" -a sha256,rsa2048 -k "$KEYS" -n fit -r conf "$2" >/dev/null
}
