# Another release of Debian, made from the mirror that the base image has.
FROM debian:bookworm-slim AS made
RUN echo 'Acquire::Retries "9";' > /etc/apt/apt.conf.d/retries \
 && apt-get update \
 && apt-get install -y --no-install-recommends mmdebstrap
ARG RELEASE
RUN <<END
set -eu
mirror=$(sed -n 's/^deb \([^ ]*\) .*/\1/p; s/^URIs: \([^ ]*\).*/\1/p' \
    $(find /etc/apt/sources.list /etc/apt/sources.list.d -type f) | head -n 1)
mmdebstrap --mode=root --variant=minbase --include=python3-pip,libnss-extrausers --aptopt='Acquire::Retries "9"' \
    "$RELEASE" /root-fs "$mirror"
rm -rf /root-fs/dev/* /root-fs/var/log/*
# A user that is in no /etc/passwd.
sed -i 's/^\(passwd\|group\): .*/& extrausers/' /root-fs/etc/nsswitch.conf
mkdir -p /root-fs/var/lib/extrausers
echo 'elsewhere:x:5151:5151::/:/bin/sh' > /root-fs/var/lib/extrausers/passwd
echo 'elsewhere:x:5151:' > /root-fs/var/lib/extrausers/group
END
# What is preloaded is for this C library alone.
RUN echo /usr/lib/x86_64-linux-gnu/libudev.so.1 > /root-fs/etc/ld.so.preload
FROM scratch
COPY --from=made /root-fs /
ENV LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libsystemd.so.0 LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu
CMD ["/bin/sh"]
