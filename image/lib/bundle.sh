# shellcheck shell=bash
# The bundle that a kiosk takes as an update, and the version rules of it.

# bundle SLOT_FOLDER FILE [VERSION] [COMPATIBLE] [KEY_FOLDER]: both parts of a slot, signed for code.
bundle() {
    # What the program of this image keeps, and who can read it: the agent refuses what would strand an application.
    local schema readable
    read -r schema readable < <(bundle_schema)
    [ -n "$readable" ] || die 'the program does not tell the schema of its store'
    local from=$1 file=$2 version=${3:-$IMAGE_VERSION} compatible=${4:-bianmin-kiosk} keys=${5:-$KEYS} work key
    work=$(mktemp -d)
    mkdir "$work/in"
    ln "$from/rootfs.img" "$from/boot.img" "$work/in/" 2>/dev/null || cp "$from/rootfs.img" "$from/boot.img" "$work/in/"
    sed -e "s/@VERSION@/$version/" -e "s/@COMPATIBLE@/$compatible/" \
        -e "s/@SCHEMA@/$schema/" -e "s/@READABLE_FROM@/$readable/" \
        -e "s/@BUILD@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)/" "$IMAGE_DIR/bundle/manifest.in" >"$work/in/manifest.raucm"
    # The signer looks at its own bundle as the kiosk will.
    printf '[system]\ncompatible=%s\nbootloader=noop\n[keyring]\npath=%s/ca.pem\ncheck-purpose=codesign\n' \
        "$compatible" "$keys" >"$work/host.conf"
    key=$keys/bundle.key
    # The token signs what the production keys are for, and no test of other keys.
    if [ "$keys" = "$KEYS" ] && [ -n "$BUNDLE_KEY" ]; then key=$BUNDLE_KEY; fi
    rm -f "$file"
    # A wanted block is fetched with the whole block of the squashfs around it, so these are small.
    rauc --conf="$work/host.conf" --cert="$keys/bundle.pem" --key="$key" \
        --mksquashfs-args='-b 16384' bundle "$work/in" "$file" >/dev/null 2>"$work/log" ||
        { cat "$work/log" >&2; rm -rf "$work"; die 'the bundle cannot be made'; }
    rm -rf "$work"
}

# The newest schema of the store that the program knows, and the oldest whose program reads what it writes.
bundle_schema() {
    qemu-aarch64-static -L "$(sysroot)" "$OUT/bin/kioskctl" update about |
        awk -F= '$1 == "store-schema" { schema = $2 } $1 == "store-readable-from" { from = $2 } END { print schema, from }'
}
