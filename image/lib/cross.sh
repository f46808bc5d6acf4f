# shellcheck shell=bash
# The programs for arm64: the machine's build of `kiosk` and `kioskctl`, against libraries of the suite of the root.

SYSROOT_PACKAGES=libc6-dev,libgcc-14-dev,linux-libc-dev,libinput-dev,libudev-dev,libxkbcommon-dev
CROSS_FEATURES=device

# Headers and libraries of arm64, unpacked only: no maintainer script runs, so this needs no emulation.
sysroot_make() {
    sources "$SUITE" >"$1/sources.list"
    mmdebstrap --quiet --mode=root --architectures=arm64 --variant=extract --aptopt='APT::Install-Recommends "false"' \
        --include="$SYSROOT_PACKAGES" "$SUITE" "$1/root" - <"$1/sources.list"
    rm "$1/sources.list"
    # Unpacking alone makes no merged /lib, and the linker script of libc names it.
    [ -e "$1/root/lib" ] || ln -s usr/lib "$1/root/lib"
}

sysroot() {
    local place
    place=$(cached sysroot "$(digest "$SUITE" "$SYSROOT_PACKAGES")" sysroot_make)
    printf '%s/root\n' "$place"
}

cross_build() {
    local root library name
    root=$(sysroot)
    library=$root/usr/lib/aarch64-linux-gnu
    rustup target list --installed 2>/dev/null | grep -qx "$RUST_TARGET" || rustup target add "$RUST_TARGET"
    # The same paths in the binary wherever the tree and the crates lie.
    local remap="--remap-path-prefix=$TREE=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    # Its own target folder per sysroot is not needed: cargo sees changed flags.
    (
        cd "$TREE" || exit
        export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_PATH='' PKG_CONFIG_SYSROOT_DIR="$root" \
            PKG_CONFIG_LIBDIR="$library/pkgconfig:$root/usr/share/pkgconfig" \
            CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
            CFLAGS_aarch64_unknown_linux_gnu="--sysroot=$root -ffile-prefix-map=$root=/sysroot -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
            CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
            CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Clink-arg=--sysroot=$root -Clink-arg=-L$library -Clink-arg=-B$library $remap" \
            CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -L $root"
        cargo build --profile image --locked --target "$RUST_TARGET" --bin kiosk --bin kioskctl \
            --no-default-features --features "$CROSS_FEATURES"
    )
    mkdir -p "$OUT/bin"
    # Cargo leaves the names of functions in a program for another machine: a third of the file, and of every update.
    for name in kiosk kioskctl; do
        aarch64-linux-gnu-strip --strip-all -o "$OUT/bin/$name" "$CARGO_TARGET/$RUST_TARGET/image/$name"
    done
    cross_smoke "$root"
}

# The programs start under emulation and read the configuration of the machine.
cross_smoke() {
    local root=$1 name
    for name in kiosk kioskctl; do
        qemu-aarch64-static -L "$root" "$OUT/bin/$name" --version >&2
    done
    qemu-aarch64-static -L "$root" "$OUT/bin/kioskctl" config check --config "$TREE/config/kiosk.toml" >&2
}
