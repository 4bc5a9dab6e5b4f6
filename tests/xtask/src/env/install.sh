#!/bin/sh
# Installs packages in a root filesystem that debootstrap made, or more of them in one that is in use, and tidies it up.
#
#   unshare --mount sh install.sh ROOT [PACKAGE…]
#
# CHECK_VALID_UNTIL=false takes an index that is older than it allows.
#
# The mounts belong to the mount namespace and vanish with it, however this ends.
set -eu

root=$1
shift

mount --make-rprivate /
mount -t proc proc "$root/proc"
mount -t devpts devpts "$root/dev/pts"

if [ $# -gt 0 ]; then
    # No package may start a service.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    export DEBIAN_FRONTEND=noninteractive
    # Where it was interrupted before, apt asks for this.
    chroot "$root" dpkg --configure -a
    chroot "$root" apt-get -o Acquire::Check-Valid-Until="$CHECK_VALID_UNTIL" update
    chroot "$root" apt-get install -y --no-install-recommends "$@"
fi
chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log "$root"/var/log/apt/*
