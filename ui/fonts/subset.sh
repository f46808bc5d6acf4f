#!/bin/sh
# Makes the two font files of this folder from Debian's fonts-noto-cjk (SIL OFL 1.1).
# Needs: apt-get install fonts-noto-cjk, pip install fonttools. Same input, same bytes.
# Regular: every character of the Simplified Chinese face (URO, Extension A and the part of
# Extensions B to F that the face has). Bold: GB 2312 plus Latin, for headings.
set -eu
src=${1:-/usr/share/fonts/opentype/noto}
here=$(cd "$(dirname "$0")" && pwd)
export SOURCE_DATE_EPOCH=1640995200
common="--font-number=2 --layout-features=kern,vert,halt --no-hinting --desubroutinize --name-IDs=*"
pyftsubset "$src/NotoSansCJK-Regular.ttc" $common --output-file="$here/NotoSansCJKsc-Regular.otf" \
  --unicodes="U+0020-024F,U+0370-03FF,U+0400-045F,U+2000-206F,U+20A0-20BF,U+2100-22FF,U+2460-25FF,U+2600-266F,U+2E80-2FDF,U+3000-303F,U+3100-312F,U+31C0-31EF,U+3400-9FFF,U+F900-FAFF,U+FE30-FE4F,U+FF00-FFEF,U+20000-323AF"
python3 - > "$here/.gb2312" <<'P'
chars = [bytes([a, b]).decode("gb2312", "ignore") for a in range(0xA1, 0xF8) for b in range(0xA1, 0xFF)]
print("".join(chars))
P
pyftsubset "$src/NotoSansCJK-Bold.ttc" $common --output-file="$here/NotoSansCJKsc-Bold.otf" \
  --unicodes="U+0020-017F,U+2000-206F" --text-file="$here/.gb2312"
rm -f "$here/.gb2312"
