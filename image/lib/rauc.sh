# shellcheck shell=bash
# A newer RAUC than the suite has, from Debian's source of a later suite: only for a kernel whose dm-verity the suite's own
# does not understand (see lib/kernel.sh). Cross-built against libraries of the suite of the root, so that nothing else
# of a later suite enters it, and laid over the files of the suite's package.
#
# Pinned to a version and to the digest of its source. When the later suites have moved on, both are raised here together.

RAUC_SUITES=(forky sid)
RAUC_VERSION=1.15.2
RAUC_SHA256=127a24cde208c65b837ae978c695a00730f1094ee8b6c7d48cf58ef846eae340
RAUC_LIBRARIES=libc6-dev,libgcc-14-dev,linux-libc-dev,libglib2.0-dev,libssl-dev,libcurl4-gnutls-dev,libdbus-1-dev,libjson-glib-dev,libnl-genl-3-dev,libfdisk-dev

# Whether the kernel of this build asks for it.
rauc_is_newer() { [ "$KERNEL_SUITE" != "$SUITE" ]; }

# Folder: rauc (the program), packages.txt.
rauc_make() {
    local apt="$1/apt" root="$1/libraries" library line uri name sum
    apt_root "$apt" arm64 "${RAUC_SUITES[@]}"
    apt_in "$apt" apt-get source --print-uris rauc >"$1/uris" 2>/dev/null || true
    while read -r line; do
        read -r uri name _ sum <<<"${line//\'/}"
        [ "$name" = "rauc_$RAUC_VERSION.orig.tar.xz" ] || continue
        [ "${sum#SHA256:}" = "$RAUC_SHA256" ] || die "the source of RAUC $RAUC_VERSION is not the one that is pinned"
        /usr/lib/apt/apt-helper download-file "$uri" "$1/$name" "$sum" >/dev/null
        mkdir -p "$1/source"
        tar -xf "$1/$name" -C "$1/source" --strip-components=1
        rm "$1/$name"
    done < <(grep "^'" "$1/uris")
    [ -e "$1/source/meson.build" ] || die "RAUC $RAUC_VERSION is in none of ${RAUC_SUITES[*]}: raise the pin in lib/rauc.sh"

    sources "$SUITE" >"$1/sources.list"
    mmdebstrap --quiet --mode=root --architectures=arm64 --variant=extract --aptopt='APT::Install-Recommends "false"' \
        --include="$RAUC_LIBRARIES" "$SUITE" "$root" - <"$1/sources.list"
    [ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
    library=$root/usr/lib/aarch64-linux-gnu
    cat >"$1/cross.ini" <<INI
[binaries]
c = 'aarch64-linux-gnu-gcc'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
[built-in options]
c_args = ['--sysroot=$root', '-O2', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2', '-ffile-prefix-map=$1=/rauc', '-Wno-error']
c_link_args = ['--sysroot=$root', '-L$library', '-B$library', '-Wl,-z,relro,-z,now', '-Wl,--build-id=none']
[properties]
sys_root = '$root'
pkg_config_libdir = ['$library/pkgconfig', '$root/usr/share/pkgconfig']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
INI
    # What is shared with the tools of this machine: the generator of the D-Bus code, which is plain Python.
    (
        cd "$1/source" || exit
        meson setup "$1/build" --cross-file "$1/cross.ini" --prefix=/usr --buildtype=plain -Db_pie=true \
            -Dgpt=enabled -Dstreaming=true -Dcreate=false -Dtests=false -Dmanpages=false -Dhtmldocs=false -Dfuzzing=false -Dpkcs11_engine=false -Dstreaming_user=nobody
        ninja -C "$1/build" rauc
    )
    aarch64-linux-gnu-strip --strip-all -o "$1/rauc" "$1/build/rauc"
    qemu-aarch64-static -L "$root" "$1/rauc" --version | grep -qx "rauc $RAUC_VERSION" || die 'the new RAUC does not start'
    printf 'Package: rauc\nVersion: %s\nArchitecture: source\n' "$RAUC_VERSION" >"$1/packages.txt"
    rm -rf "$apt" "$root" "$1"/{uris,sources.list,cross.ini,build,source}
}

rauc_newer() {
    cached rauc "$(digest "$SUITE" "$RAUC_SHA256" "$RAUC_LIBRARIES" 1)" rauc_make
}
