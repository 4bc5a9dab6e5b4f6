# A user land of musl and a busybox that is linked with it dynamically.
FROM debian:bookworm-slim AS made
RUN <<END
set -eu
sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/*.sources 2> /dev/null || true
if [ -s /etc/apt/sources.list ]; then
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
fi
echo 'Acquire::Retries "9";' > /etc/apt/apt.conf.d/retries
apt-get update
apt-get install -y --no-install-recommends bzip2 dpkg-dev gcc libc6-dev make musl-tools patch xz-utils
apt-get source busybox
END
RUN <<END
set -eu
# The kernel's headers without those of glibc beside them.
mkdir /headers
for name in linux asm-generic mtd; do ln -s /usr/include/$name /headers/; done
ln -s /usr/include/*-linux-gnu/asm /headers/
cd busybox-*/
make defconfig > /dev/null
# Only the applets that tasks may call: it compiles faster, and `tc` no longer fits the kernel's headers.
sed -n 's/^\/\/config:config //p' console-tools/*.c e2fsprogs/*.c init/*.c klibc-utils/*.c mailutils/*.c miscutils/*.c \
    modutils/*.c networking/*.c networking/*/*.c printutils/*.c runit/*.c selinux/*.c sysklogd/*.c util-linux/*.c |
    sed 's/.*/s,^CONFIG_&=y,# CONFIG_& is not set,/' > /less.sed
sed -i -f /less.sed .config
yes n | make oldconfig > /dev/null
make -j2 CC="musl-gcc -idirafter /headers" CONFIG_PREFIX=/root-fs install > /log 2>&1 || { tail /log; exit 1; }
END
RUN <<END
set -eu
cd /root-fs
loader=$(readelf -l bin/busybox | sed -n 's/.*interpreter: \(.*\)]/\1/p')
mkdir -p lib etc home proc root sys dev tmp var/tmp
cp -L "$loader" "lib/${loader##*/}"
chmod 1777 tmp var/tmp
echo 'root:x:0:0:root:/root:/bin/sh' > etc/passwd
printf 'root:x:0:\nshadow:x:42:\nusers:x:100:\n' > etc/group
echo 'root:*:20000:0:99999:7:::' > etc/shadow
chmod 640 etc/shadow
printf '/bin/sh\n' > etc/shells
ln -s "${loader##*/}" lib/libc.so
echo 'int preloaded;' | musl-gcc -shared -fPIC -o lib/libpreloaded.so -x c -
printf 'ID=small\nNAME="A small user land"\nVERSION_ID=1\n' > etc/os-release
END
FROM scratch
COPY --from=made /root-fs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# They are for this C library alone.
ENV LD_PRELOAD=/lib/libpreloaded.so LD_LIBRARY_PATH=/lib
CMD ["/bin/sh"]
