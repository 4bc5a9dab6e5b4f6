#!/bin/sh
# Makes ROOT the root directory of this process and runs a program there.
#
#   unshare --mount [--pid --fork] sh enter.sh ROOT STATE PROGRAM [ARGUMENT…]
#
# A chroot would not do: runc refuses to start containers in one (`mount /, flags: 0x84000: invalid
# argument`). STATE, a directory of the host, is /harness. All mounts belong to the mount namespace
# and vanish with its last process.
set -eu

root=$1 state=$2
shift 2

mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root/harness" "$root/.old"
for dir in sys dev; do mount --rbind "/$dir" "$root/$dir"; done
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount --bind "$state" "$root/harness"

cd "$root"
pivot_root . .old
umount --lazy /.old
exec "$@"
