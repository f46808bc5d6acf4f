# shellcheck shell=bash
# The initrd: busybox, veritysetup with its libraries, the modules for the disk, the init of boot/, the root hash.

# initrd FOLDER ROOT HASH OFFSET: writes FOLDER/initrd.zst for the root tree ROOT. The hash stands before the compressed part, in
# an archive of its own, so that two versions differ in one block and an update fetches no more.
initrd() {
    local into=$1 root=$2 hash=$3 offset=$4 tree release kernel_folder name
    kernel_folder=$(kernel)
    release=$(cat "$kernel_folder/release")
    tree=$(mktemp -d)
    mkdir -p "$tree"/{bin,sbin,modules,dev,proc,sys,run,root,tmp}
    cp "$kernel_folder/busybox" "$tree/bin/busybox"
    install -m 755 "$IMAGE_DIR/boot/init" "$tree/init"
    while read -r name; do
        xz -dcf "$kernel_folder/tree/usr/lib/modules/$release/$name" >"$tree/modules/$(basename "$name" .xz)"
        basename "$name" .xz >>"$tree/modules/list"
    done <"$kernel_folder/boot-modules"
    cp "$root/usr/sbin/veritysetup" "$tree/sbin/"
    libraries "$root" "$root/usr/sbin/veritysetup" | while read -r name; do
        mkdir -p "$tree$(dirname "$name")"
        cp -L "$root$name" "$tree$name"
    done
    ln -s usr/lib "$tree/lib"
    # Of no date, for that of the commit would change every block of it with every release.
    find "$tree" -exec touch -hd @0 {} +
    (cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | zstd -q -19 -T1 -f -o "$into/initrd.rest"
    rm -rf "$tree"
    tree=$(mktemp -d)
    printf 'ROOT_HASH=%s\nHASH_OFFSET=%s\n' "$hash" "$offset" >"$tree/root-hash"
    touch -d @0 "$tree/root-hash"
    (cd "$tree" && echo root-hash | cpio --quiet -o -H newc -R 0:0 --reproducible) | cat - "$into/initrd.rest" >"$into/initrd.zst"
    rm -rf "$tree" "$into/initrd.rest"
}

# libraries ROOT PROGRAM: the shared libraries that the program needs, with what those need, as paths in ROOT.
libraries() {
    local root=$1 queue=("$2") done=' ' file name path
    printf '/usr/lib/ld-linux-aarch64.so.1\n'
    while [ "${#queue[@]}" -gt 0 ]; do
        file=${queue[0]}
        queue=("${queue[@]:1}")
        while read -r name; do
            case $done in *" $name "*) continue ;; esac
            done="$done$name "
            path=/usr/lib/aarch64-linux-gnu/$name
            [ -e "$root$path" ] || continue
            printf '%s\n' "$path"
            queue+=("$root$path")
        done < <(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    done
}
