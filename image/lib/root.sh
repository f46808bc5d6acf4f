# shellcheck shell=bash
# The root: a base of Debian packages (slow, kept in the cache), then our programs, content and overlay on top (seconds).

# Documentation and translations, which nobody reads on a kiosk.
ROOT_EXCLUDE=('/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*' '/usr/share/lintian/*'
    '/usr/share/bash-completion/*' '/usr/share/zsh/*' '/usr/share/i18n/*' '/usr/share/bug/*')

root_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$IMAGE_DIR/packages.list"; }

# The base, as a tar with owners. Made under emulation, for maintainer scripts are programs of arm64.
root_base_make() {
    local exclude=() path
    for path in "${ROOT_EXCLUDE[@]}"; do exclude+=("--dpkgopt=path-exclude=$path"); done
    sources "$SUITE" >"$1/sources.list"
    mmdebstrap --mode=root --architectures=arm64 --variant=essential \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' --dpkgopt=force-unsafe-io \
        "${exclude[@]}" --include="$(root_packages | paste -sd,)" \
        --customize-hook='cp "$1/var/lib/dpkg/status" '"$1/dpkg-status" \
        "$SUITE" "$1/base.tar" - <"$1/sources.list"
    rm "$1/sources.list"
}

root_base() {
    need_root 'making the root'
    cached base "$(digest "$(root_packages)" "$SUITE" "${ROOT_EXCLUDE[*]}")" root_base_make
}

IMAGE_VERSION=${IMAGE_VERSION:-$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' "$TREE/Cargo.toml")}
# "notify" since the program tells systemd what it does; "simple" for one that does not yet.
KIOSK_NOTIFY=${KIOSK_NOTIFY:-notify}
# Seconds without a sign of life after which engine or screen is started anew, and seconds for an image to show that it is
# good. An emulator on a busy machine may need more than a board.
KIOSK_WATCHDOG=${KIOSK_WATCHDOG:-9}
KIOSK_GATE=${KIOSK_GATE:-120}

# root_tree FOLDER [OVERLAY...]: the whole root as a tree: base, modules, programs, content, our overlay, further ones.
root_tree() {
    local tree=$1 base kernel_folder extra
    shift
    base=$(root_base)
    kernel_folder=$(kernel)
    rm -rf "$tree"
    mkdir -p "$tree"
    tar -xf "$base/base.tar" -C "$tree" --numeric-owner --exclude=./dev/*
    cp -r "$kernel_folder/tree/usr/lib/modules" "$tree/usr/lib/"
    install -m 755 "$OUT/bin/kiosk" "$OUT/bin/kioskctl" "$tree/usr/bin/"
    if rauc_is_newer; then install -m 755 "$(rauc_newer)/rauc" "$tree/usr/bin/rauc"; fi
    mkdir -p "$tree/usr/share/kiosk/fonts" "$tree/data"
    cp -r "$TREE/config/catalogue" "$tree/usr/share/kiosk/catalogue"
    cp "$TREE/config/places.json" "$tree/usr/share/kiosk/"
    install -D -m 644 "$KEYS/enrolment.pub" "$tree/usr/share/kiosk/enrolment/development.pub"
    cp "$TREE"/ui/fonts/*.otf "$TREE/ui/fonts/OFL.txt" "$tree/usr/share/kiosk/fonts/"
    for extra in "$IMAGE_DIR/overlay" "$@"; do
        cp -r --no-preserve=ownership "$extra/." "$tree/"
    done
    root_trim "$tree"
    # Empty, for what systemd looks for in them.
    mkdir -p "$tree"/{home,srv,etc/profile.d,etc/default}
    root_settle "$tree"
}

# What Debian's packages bring and a kiosk must not have, or has no use for.
root_trim() {
    local tree=$1
    rm -rf "${tree:?}"/{boot,home,media,mnt,opt,srv} "$tree"/var/{cache,lib,log,backups,mail,spool,tmp,local,opt}/* \
        "$tree"/etc/{apt,dpkg,cron*,motd,issue,issue.net,init.d,rc*.d,update-motd.d,default,skel,profile.d,xdg} \
        "$tree"/etc/*- "$tree"/usr/share/{bash-completion,debconf,perl5,pam-configs,menu,apport,reportbug,gdb} \
        "$tree"/usr/lib/{apt,dpkg,init} "$tree"/usr/include "$tree"/usr/src "$tree"/usr/games
    # Nobody logs in, nobody gains rights: no such program is left.
    rm -f "$tree"/usr/{bin,sbin}/{agetty,getty,login,su,sulogin,newgrp,chsh,chfn,passwd,gpasswd,chage,expiry,dpkg*,perl*,apt*} \
        "$tree"/usr/bin/{systemd-ask-password,systemd-tty-ask-password-agent,debconf*}
    find "$tree/usr" -xdev -type f -perm /6000 -exec chmod ug-s {} +
}

# Names, users and what starts by itself, as the overlay says; the marks that make the clock and the journal right.
root_settle() {
    local tree=$1 unit
    sed -i "s/@VERSION@/$IMAGE_VERSION/" "$tree/etc/rauc/system.conf"
    sed -i -e "s/@NOTIFY@/$KIOSK_NOTIFY/" -e "s/@WATCHDOG@/$KIOSK_WATCHDOG/" -e "s/@GATE@/$KIOSK_GATE/" \
        -e "s/@GATE_LIMIT@/$((KIOSK_GATE + 60))/" "$tree"/usr/lib/systemd/system/kiosk-*.service
    if [ "$KIOSK_NOTIFY" = simple ]; then
        sed -i '/^WatchdogSec=/d;/^NotifyAccess=/d' "$tree"/usr/lib/systemd/system/kiosk-*.service
    fi
    cp "$KEYS/ca.pem" "$tree/etc/rauc/keyring.pem"
    # The link of /etc/os-release must hold in a root where /etc alone is looked at.
    rm -f "$tree/etc/os-release"
    {
        printf 'NAME="Bianmin"\nID=bianmin\nID_LIKE=debian\nPRETTY_NAME="Bianmin %s"\n' "$IMAGE_VERSION"
        printf 'VERSION_ID="%s"\nIMAGE_ID=bianmin-kiosk\nIMAGE_VERSION="%s"\n' "$IMAGE_VERSION" "$IMAGE_VERSION"
    } >"$tree/usr/lib/os-release"
    ln -s ../usr/lib/os-release "$tree/etc/os-release"
    systemd-sysusers --root="$tree" 2>/dev/null
    # The filter names users by number; a line that systemd does not like is passed over without a failure.
    while read -r unit; do
        grep -q "^$unit:" "$tree/etc/passwd" || die "the root has no user $unit"
    done < <(sed -n 's/^u \([a-z-]*\)  *\([0-9]*\) .*/\1:x:\2/p' "$IMAGE_DIR/overlay/usr/lib/sysusers.d/kiosk.conf")
    rm -f "$tree"/etc/{passwd,group,shadow,gshadow}- "$tree"/etc/.pwd.lock
    : >"$tree/etc/machine-id"
    : >"$tree/usr/lib/clock-epoch"
    ln -sfn ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
    ln -sfn /usr/share/zoneinfo/Asia/Shanghai "$tree/etc/localtime"
    printf 'kiosk\n' >"$tree/etc/hostname"
    find "$tree/etc/systemd/system" -mindepth 1 -delete
    systemctl --root="$tree" --quiet preset-all 2>/dev/null
    for unit in getty.target getty@.service serial-getty@.service console-getty.service container-getty@.service \
        autovt@.service debug-shell.service emergency.service rescue.service ctrl-alt-del.target systemd-firstboot.service \
        systemd-ask-password-{console,wall}.service systemd-ask-password-{console,wall}.path swap.target systemd-update-done.service \
        systemd-machine-id-commit.service ldconfig.service systemd-sysusers.service systemd-hwdb-update.service; do
        ln -sfn /dev/null "$tree/etc/systemd/system/$unit"
    done
    find "$tree" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
}
