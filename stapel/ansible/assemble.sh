#!/bin/sh
# Makes the tree at /.werf/stapel out of what fetch.sh fetched into /fetched, and of the programs in /programs.
#
# Its place is fixed, so nothing has to be found at run time: executables name the tree's own loader and libraries
# (DT_RPATH, which everything inherits that they load and which comes before LD_LIBRARY_PATH).
set -eu
here=$(dirname "$0")
tree=/.werf/stapel
embedded=$tree/embedded
mkdir -p $embedded/bin $embedded/sbin $embedded/lib/python3 $embedded/share /unpacked
for deb in /fetched/debs/*.deb; do dpkg-deb -x "$deb" /unpacked; done
cd /unpacked

# Libraries, flat, under the names that are asked for.
find . -name '*.so*' -path '*-linux-gnu*' ! -path '*/gconv/*' ! -path '*/audit/*' ! -path '*/python3*' -print |
    while read -r file; do cp -n "$(readlink -f "$file")" "$embedded/lib/$(basename "$file")"; done
rm -f $embedded/lib/*-gdb.py $embedded/lib/libnss_* $embedded/lib/libc_malloc_debug* $embedded/lib/libmemusage* \
    $embedded/lib/libpcprofile* $embedded/lib/libthread_db* $embedded/lib/libapt-private* $embedded/lib/libBrokenLocale* \
    $embedded/lib/libmvec* $embedded/lib/libexpatw* $embedded/lib/libnsl* $embedded/lib/libanl* $embedded/lib/legacy.so \
    $embedded/lib/loader_attic.so $embedded/lib/padlock.so $embedded/lib/afalg.so $embedded/lib/libpsx*
loader=$(basename "$(find $embedded/lib -name 'ld-linux*' | head -n 1)")
test -n "$loader"
# One name for each library, the one that others ask for.
(cd $embedded/lib && for file in *.so*; do
    name=$(readelf -d "$file" 2>/dev/null | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    if [ -n "$name" ] && [ "$name" != "$file" ]; then mv -f "$file" "$name"; fi
done)
mkdir -p $tree/l
cp -r usr/lib/locale/C.utf8 $tree/l/
install -m 644 "$here/tree/nsswitch.conf" $tree/l/ns

# Python and its packages.
cp -r usr/lib/python3.11 $embedded/lib/python3.11
cp -r usr/lib/python3/dist-packages $embedded/lib/python3/dist-packages
cp -r /fetched/site/. $embedded/lib/python3/dist-packages/
python3 "$here/trim.py"

# Programs. Those that are linked with the tree's libraries are in libexec, and the launcher has their names in bin.
mkdir -p $embedded/libexec
for program in python3.11 tar unzip getfacl setfacl getfattr setfattr getent; do
    cp "$(find bin usr/bin -name $program)" $embedded/libexec/
done
# The module unarchive looks for this name first; the image's own tar stays in charge elsewhere.
mv $embedded/libexec/tar $embedded/libexec/gtar
cp /programs/launcher $embedded/bin/python3
ln -s python3 $embedded/bin/python
for program in $embedded/libexec/*; do
    patchelf --set-interpreter "$embedded/lib/$loader" --force-rpath --set-rpath $embedded/lib "$program"
    [ "${program##*/}" = python3.11 ] || ln -s python3 "$embedded/bin/${program##*/}"
done
ln -s unzip $embedded/libexec/zipinfo
ln -s python3 $embedded/bin/zipinfo
cp "$(find bin usr/bin -name busybox)" /programs/bash $embedded/bin/
for program in awk base64 basename cat chgrp chmod chown cp cut date dd dirname echo env expr false find grep gunzip gzip head \
    hostname id ln ls mkdir mktemp mv od printf ps pwd readlink realpath rm rmdir sed seq sha256sum sleep sort stat stty tail \
    tee test touch tr true uname uniq wc which whoami xargs; do
    ln -s busybox $embedded/bin/$program
done
install -m 755 "$here/tree/ansible-playbook" "$here/tree/sudo" $embedded/bin/
install -D -m 644 "$here/tree/callback.py" $embedded/share/ansible/callback/werf.py
install -m 644 "$here/tree/hear.py" $embedded/lib/python3/dist-packages/werf_hear.py
install -m 644 "$here/tree/sitecustomize.py" $embedded/lib/python3.11/sitecustomize.py
install -m 644 "$here/tree/filters.py" $embedded/lib/python3/dist-packages/ansible/plugins/filter/werf.py

# Data.
cp -r usr/share/python-apt usr/share/distro-info $embedded/share/
find usr/share/ca-certificates/mozilla -name '*.crt' | sort | xargs cat > $embedded/share/ca-certificates.crt
mkdir -p $embedded/share/doc
for package in usr/share/doc/*/copyright; do
    install -D -m 644 "$package" "$embedded/share/doc/$(basename "$(dirname "$package")").copyright"
done
cat /fetched/debs.lock "$here/requirements.txt" "$here/collections.txt" > $embedded/share/doc/SOURCES

python3 "$here/patch.py"
find $embedded -name '*.so*' -type f ! -name "$loader" -exec strip --strip-unneeded {} + 2>/dev/null || true
find $tree -name __pycache__ -type d -prune -exec rm -rf {} +
$embedded/bin/python3 -m compileall -q -f -j 0 --invalidation-mode unchecked-hash $embedded/lib/python3.11 $embedded/lib/python3
chmod -R u+rwX,go+rX,go-w $tree
"$here/check.sh"
find $tree -exec touch -h -d @0 {} +
du -sm $tree
find $tree -type f | wc -l
