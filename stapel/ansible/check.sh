#!/bin/sh
# Checks the assembled tree: every library is there, none of the builder's is used, everything starts.
set -eu
embedded=/.werf/stapel/embedded
missing=$(find $embedded -type f \( -name '*.so*' -o -path '*/bin/*' -o -path '*/libexec/*' \) -exec readelf -d {} + 2>/dev/null |
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u | while read -r name; do
        [ -e "$embedded/lib/$name" ] || echo "$name"
    done)
if [ -n "$missing" ]; then echo "not in the tree: $missing" >&2; exit 1; fi
mkdir -p /empty && cd /empty
run() { env -i LC_ALL=C.UTF-8 PATH=$embedded/bin PYTHONHOME=/x PYTHONPATH=/y LD_LIBRARY_PATH=/z "$@"; }
for module in apt_pkg apt apt.debfile aptsources.distro cryptography.hazmat.bindings._rust yaml jinja2 resolvelib jmespath ssl hashlib lzma bz2 \
    zlib ctypes uuid crypt decimal multiprocessing.synchronize ansible.cli.playbook werf_hear; do
    run $embedded/bin/python3 -c "import $module"
done
# Every module of the list compiles and finds what it imports.
run $embedded/bin/python3 - <<'EOF'
import importlib, pathlib
root = pathlib.Path('/.werf/stapel/embedded/lib/python3/dist-packages')
for path in sorted([*root.glob('ansible/modules/*.py'), *root.glob('ansible_collections/*/*/plugins/modules/*.py')]):
    importlib.import_module('.'.join(path.relative_to(root).with_suffix('').parts))
EOF
run $embedded/bin/python3 -c 'import yaml; assert yaml.__with_libyaml__'
run $embedded/bin/python3 -c 'import locale; locale.setlocale(locale.LC_ALL, ""); assert locale.nl_langinfo(locale.CODESET) == "UTF-8"'
stale=$(run $embedded/bin/python3 -v -c 'import argparse, ansible.cli.playbook' 2>&1 | grep -c 'stale' || true)
[ "$stale" = 0 ] || { echo "byte code of $stale modules is stale" >&2; exit 1; }
for program in gtar unzip getfacl setfacl getfattr setfattr; do run $embedded/bin/$program --help > /dev/null 2>&1 ||
    run $embedded/bin/$program -v > /dev/null; done
run $embedded/bin/getent passwd root > /dev/null
# The name services are the tree's, and users that only others know are asked for with getent.
mkdir -p /asked
printf '#!/bin/sh\n[ "$*" != "passwd nobody-here" ] || echo "nobody-here:x:7:8::/h:/s"\n' > /asked/getent
chmod +x /asked/getent
cp /etc/nsswitch.conf /asked/before
echo 'passwd: files elsewhere' > /etc/nsswitch.conf
run PATH=/asked:$PATH $embedded/bin/python3 -c 'import pwd; assert pwd.getpwnam("nobody-here").pw_gid == 8; assert pwd.getpwuid(0).pw_name == "root"'
cp /asked/before /etc/nsswitch.conf
# What the image preloads is for its own programs: nothing of the tree tries to load it, not even python on its way.
preloaded() { run LD_PRELOAD=/none/of/ours.so "$@" 2>&1; }
preloaded $embedded/bin/python3 -c 'import os; assert os.environ["LD_PRELOAD"] == "/none/of/ours.so"'
[ "$(preloaded $embedded/bin/getent passwd root | wc -l)" = 1 ]
