#!/usr/bin/env bash
# A further bundle out of the root of the last build, for tests: other version, other files, other key, other board.
#
#   image/lib/variant.sh NAME [--version V] [--overlay FOLDER] [--compatible C] [--keys FOLDER] [--remove PATH]... [--parts]
#
# Writes target/image/variants/NAME.raucb. Without --overlay the folder image/tests/variants/NAME is laid over the root
# when there is one. With --parts there is no bundle: rootfs.img and boot.img lie in target/image/variants/NAME.parts. A script "variant" at the top of the overlay is run with the root tree as its argument and not kept.
set -euo pipefail
. "$(dirname "$0")/common.sh"
name=${1:?the name of the variant}
shift
overlay=$IMAGE_DIR/tests/variants/$name compatible=bianmin-kiosk keys=$KEYS remove=() parts=
while [ "$#" -gt 0 ]; do
    case $1 in
    --parts)
        parts=yes
        shift
        continue
        ;;
    --version) IMAGE_VERSION=$2 ;;
    --overlay) overlay=$2 ;;
    --compatible) compatible=$2 ;;
    --keys) keys=$2 ;;
    --remove) remove+=("$2") ;;
    *) die "what is $1?" ;;
    esac
    shift 2
done
for part in debian cross kernel uboot root initrd slot bundle; do
    # shellcheck source=/dev/null
    . "$IMAGE_DIR/lib/$part.sh"
done
[ -d "$OUT/root" ] || die 'build the vm first'
built=$(sed -n 's/^IMAGE_VERSION="\(.*\)"/\1/p' "$OUT/root/usr/lib/os-release")

tree=$(mktemp -d "$OUT/.variant-XXXXXX")
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
cp -a "$OUT/root/." "$tree/"
for path in "${remove[@]}"; do rm -rf "${tree:?}/$path"; done
if [ -d "$overlay" ]; then
    cp -r --no-preserve=ownership "$overlay/." "$tree/"
    if [ -e "$tree/variant" ]; then
        bash "$tree/variant" "$tree"
        rm "$tree/variant"
    fi
fi
sed -i "s/$built/$IMAGE_VERSION/g" "$tree/usr/lib/os-release"
sed -i "s/^min-bundle-version=.*/min-bundle-version=$IMAGE_VERSION/" "$tree/etc/rauc/system.conf"
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$OUT/variants/$name"
slot "$tree" "$OUT/variants/$name"
if [ -n "$parts" ]; then
    rm -rf "$OUT/variants/$name.parts"
    mv "$OUT/variants/$name" "$OUT/variants/$name.parts"
    exit
fi
bundle "$OUT/variants/$name" "$OUT/variants/$name.raucb" "$IMAGE_VERSION" "$compatible" "$keys"
rm -rf "$OUT/variants/$name"
printf '%s\n' "$OUT/variants/$name.raucb"
