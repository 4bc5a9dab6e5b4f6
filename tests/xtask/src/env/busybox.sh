#!/bin/sh
# Makes ./root, the root filesystem of an almost empty image, of Debian's busybox-static.
set -eu

rm -rf deb root ./*.deb
apt-get download busybox-static
dpkg-deb --extract busybox-static_*.deb deb

mkdir -p root/bin root/etc root/root root/tmp root/usr root/var
chmod 1777 root/tmp
cp deb/bin/busybox root/bin/
for name in $(root/bin/busybox --list); do
    [ "$name" = busybox ] || ln -s busybox "root/bin/$name"
done
echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
echo 'root:x:0:' >root/etc/group

rm -rf deb ./*.deb
