"""The small changes to what the tool chain bundles: exact replacements, each counted.

A replacement that is not found as often as expected stops the build, so that a new release of Debian's python or of
ansible fails here and not with a user. Why each is needed is in `docs/ansible.md`.
"""

import sys
from pathlib import Path

TREE = Path('/.werf/stapel')
LIB = TREE / 'embedded/lib'
STDLIB = LIB / 'python3.11'
PACKAGES = LIB / 'python3/dist-packages'

# File, text, replacement, how often.
TEXTS = [
    # Nothing of ~/.local is imported.
    (STDLIB / 'site.py', 'ENABLE_USER_SITE = None', 'ENABLE_USER_SITE = False', 1),
    # A locale that the tree lacks, or one that is not UTF-8, is C.UTF-8: ansible would refuse to start.
    (STDLIB / 'locale.py', '''        locale = normalize(_build_localename(locale))
    return _setlocale(category, locale)
''', '''        locale = normalize(_build_localename(locale))
    if locale == '':
        try:
            found = _setlocale(category, locale)
        except Error:
            return _setlocale(category, 'C.UTF-8')
        if category in (LC_ALL, LC_CTYPE) and nl_langinfo(CODESET).upper() != 'UTF-8':
            return _setlocale(category, 'C.UTF-8')
        return found
    return _setlocale(category, locale)
''', 1),
    # Nothing is left in /tmp, and an image needs none.
    (STDLIB / 'tempfile.py', '''    dirlist = []

    # First, try the environment.''', '''    dirlist = ['/.werf/ansible-tmpdir']

    # First, try the environment.''', 1),
    # Images without a shell get the tree's.
    (STDLIB / 'subprocess.py', '''                          hasattr(sys, 'getandroidapilevel') else '/bin/sh')
''', '''                          hasattr(sys, 'getandroidapilevel') else '/bin/sh')
                if not os.path.exists(unix_shell):
                    unix_shell = '/.werf/stapel/embedded/bin/bash'
''', 1),
    # The certificates of the image, which may have a company's own, else the tree's.
    (STDLIB / 'ssl.py', '''def get_default_verify_paths():
    """Return paths to default cafile and capath.
    """
    parts = _ssl.get_default_verify_paths()
''', '''def _certificates():
    for path in ('/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt',
                 '/var/lib/ca-certificates/ca-bundle.pem', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'):
        if os.path.isfile(path):
            return path
    return '/.werf/stapel/embedded/share/ca-certificates.crt'

def get_default_verify_paths():
    """Return paths to default cafile and capath.
    """
    parts = _ssl.get_default_verify_paths()
    parts = (parts[0], _certificates()) + parts[2:]
''', 1),
    (STDLIB / 'ssl.py', '''        self.set_default_verify_paths()

''', '''        self.set_default_verify_paths()
        if 'SSL_CERT_FILE' not in os.environ:
            self.load_verify_locations(cafile=_certificates())

''', 1),
    # The image's own apt refreshes its lists: it knows how its distribution signs them.
    (PACKAGES / 'apt/cache.py', '''        with _WrappedLock(apt_pkg.config.find_dir("Dir::State::Lists")):
            if sources_list:
''', '''        if sources_list is None:
            import subprocess

            done = subprocess.run(
                ["apt-get", "-o", "APT::Update::Error-Mode=any", "update"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            if done.returncode != 0 and raise_on_error:
                raise FetchFailedException(done.stdout.decode("utf-8", "replace"))
            return done.returncode == 0
        with _WrappedLock(apt_pkg.config.find_dir("Dir::State::Lists")):
            if sources_list:
''', 1),
    (PACKAGES / 'aptsources/distinfo.py', '"/usr/share/python-apt/templates"',
     '"/.werf/stapel/embedded/share/python-apt/templates"', 2),
    (PACKAGES / 'aptsources/distinfo.py', '"/usr/share/distro-info/', '"/.werf/stapel/embedded/share/distro-info/', 1),
    (PACKAGES / 'aptsources/sourceslist.py', '"/usr/share/python-apt/templates/"',
     '"/.werf/stapel/embedded/share/python-apt/templates/"', 1),
    # Modules that run under this python come from the tree, where they are byte code, not from the archive.
    (PACKAGES / 'ansible/executor/module_common.py', '''        sys.path.insert(0, modlib_path)

        # Monkeypatch''', '''        if (sys.executable or '').startswith('/.werf/stapel/'):
            sys.path.append(modlib_path)
        else:
            sys.path.insert(0, modlib_path)

        # Monkeypatch''', 1),
    # Nothing is bundled below this package; looking for it takes a tenth of every module's start.
    (PACKAGES / 'ansible/_vendor/__init__.py', 'import pkgutil\n', '', 1),
    (PACKAGES / 'ansible/_vendor/__init__.py', "set(m[1] for m in pkgutil.iter_modules([vendored_path_entry], ''))", 'set()', 1),
    # Programs of a few modules are heard while they run.
    (PACKAGES / 'ansible/module_utils/basic.py', '''    def run_command(self, args, check_rc=False,''',
     '''    _werf_log = None
    _werf_quiet = False

    def _werf_hear(self, chunk):
        if not chunk or self.no_log or self._werf_quiet or self._name.split('.')[-1] not in ('command', 'apt', 'apk', 'yum', 'dnf'):
            return
        try:
            if self._werf_log is None:
                self._werf_log = False
                with open('/.werf/ansible-tmpdir/live') as live:
                    self._werf_log = open(live.read(), 'wb', buffering=0)
                open('/.werf/ansible-tmpdir/said', 'w').close()
            if self._werf_log:
                self._werf_log.write(chunk)
        except (IOError, OSError):
            self._werf_log = False

    def run_command(self, args, check_rc=False,''', 1),
    (PACKAGES / 'ansible/module_utils/basic.py', '''                    elif key.fileobj == cmd.stdout:
                        stdout += b_chunk
''', '''                    elif key.fileobj == cmd.stdout:
                        self._werf_hear(b_chunk)
                        stdout += b_chunk
''', 1),
    (PACKAGES / 'ansible/module_utils/basic.py', '''                    elif key.fileobj == cmd.stderr:
                        stderr += b_chunk
''', '''                    elif key.fileobj == cmd.stderr:
                        self._werf_hear(b_chunk)
                        stderr += b_chunk
''', 1),
    (PACKAGES / 'ansible/module_utils/common/locale.py', '''        rc, out, err = module.run_command([locale, '-a'])
''', '''        module._werf_quiet = True
        try:
            rc, out, err = module.run_command([locale, '-a'])
        finally:
            module._werf_quiet = False
''', 1),
    # So are the programs of `raw` and `script`, which the connection runs.
    (PACKAGES / 'ansible/plugins/connection/local.py', '''        stdout, stderr = p.communicate(in_data)
        display.debug("done communicating")
''', '''        if getattr(self, 'werf_heard', False) and in_data is None and master is None:
            from werf_hear import communicate
            stdout, stderr = communicate(p)
        else:
            stdout, stderr = p.communicate(in_data)
        display.debug("done communicating")
''', 1),
    (PACKAGES / 'ansible/plugins/action/raw.py', '''        result.update(self._low_level_execute_command(self._task.args.get('_raw_params'), executable=executable))
''', '''        self._connection.werf_heard = not self._task.no_log
        try:
            result.update(self._low_level_execute_command(self._task.args.get('_raw_params'), executable=executable))
        finally:
            self._connection.werf_heard = False
''', 1),
    (PACKAGES / 'ansible/plugins/action/script.py', '''            result.update(self._low_level_execute_command(cmd=script_cmd, in_data=exec_data, sudoable=True, chdir=chdir))
''', '''            self._connection.werf_heard = not self._task.no_log
            try:
                result.update(self._low_level_execute_command(cmd=script_cmd, in_data=exec_data, sudoable=True, chdir=chdir))
            finally:
                self._connection.werf_heard = False
''', 1),
    # The tree has no sqlite3, which only `build: yes` needs.
    (PACKAGES / 'ansible_collections/community/general/plugins/modules/openbsd_pkg.py', '''import sqlite3
''', '', 1),
    (PACKAGES / 'ansible_collections/community/general/plugins/modules/openbsd_pkg.py', '''        conn = sqlite3.connect(''',
     '''        import sqlite3
        conn = sqlite3.connect(''', 1),
    # The image's librpm may need a newer libc than this python has; its program tells the version as well.
    (PACKAGES / 'ansible/modules/rpm_key.py', '''        # Load the librpm library
        lib_path = ctypes.util.find_library('rpm')
        if not lib_path:
            raise ImportError("Error: Could not find librpm library")

        self._lib = ctypes.CDLL(lib_path)
        self._libc = ctypes.CDLL(None)

        # void free(void *ptr)
        self._libc.free.argtypes = [ctypes.c_void_p]
        self._libc.free.restype = None

        # pgpArmor pgpParsePkts(const char *armor, uint8_t **pkt, size_t *pktlen)
        self._lib.pgpParsePkts.argtypes = [
            ctypes.c_char_p,
            ctypes.POINTER(ctypes.POINTER(ctypes.c_uint8)),
            ctypes.POINTER(ctypes.c_size_t)
        ]
        self._lib.pgpParsePkts.restype = ctypes.c_int

        # Identify the version of the RPM library
        _lib_rpmversion = ctypes.c_char_p.in_dll(self._lib, "RPMVERSION")
        self._rpmversion = _lib_rpmversion.value.decode()

''', '''        import subprocess
        said = subprocess.run(['rpm', '--version'], stdout=subprocess.PIPE, check=True).stdout
        self._rpmversion = said.decode().split()[-1]

''', 1),
    (PACKAGES / 'ansible/modules/rpm_key.py', '''        pkt = ctypes.POINTER(ctypes.c_uint8)()
        pktlen = ctypes.c_size_t()

        # NOTE: This seems to fix some cases on systems with very old versions
        # of RPM (pre 4.15.0) where the PGP key may not have an EOL character:
        # https://github.com/rpm-software-management/rpm/pull/800
        if not armor.endswith("\\n"):
            armor += "\\n"

        armor_bytes = armor.encode()
        result = self._lib.pgpParsePkts(armor_bytes, ctypes.byref(pkt), ctypes.byref(pktlen))

        if result < 0 or not pkt:
            return None, 0

        return pkt, pktlen.value

''', '''        import base64
        lines = [line.strip() for line in armor.splitlines()]
        begin = lines.index('-----BEGIN PGP PUBLIC KEY BLOCK-----') + 1
        body = lines[begin:lines.index('-----END PGP PUBLIC KEY BLOCK-----')]
        # Headers end with an empty line; the checksum begins with `=`.
        if '' in body:
            body = body[body.index('') + 1:]
        pkt = base64.b64decode(''.join(line for line in body if not line.startswith('=')))
        return pkt, len(pkt)

''', 1),
    (PACKAGES / 'ansible/modules/rpm_key.py', '''        self._libc.free(pkt)

''', '', 1),
    # A virtual environment is of the image's python, and not of the one that is only there during the build.
    (PACKAGES / 'ansible/modules/pip.py', '''        elif PY3:
            # Ubuntu currently has''', '''        elif PY3 and not sys.executable.startswith('/.werf/'):
            # Ubuntu currently has''', 1),
    # `warn` was an argument until ansible 2.13, and old playbooks have it.
    (PACKAGES / 'ansible/modules/command.py', '''            strip_empty_ends=dict(type='bool', default=True),
        ),
''', '''            strip_empty_ends=dict(type='bool', default=True),
            warn=dict(type='bool'),
        ),
''', 1),
    # Busybox makes users wherever nothing else can, not only in Alpine.
    (PACKAGES / 'ansible/modules/user.py', '''        new_cls = get_platform_subclass(User)
''', '''        new_cls = get_platform_subclass(User)
        if new_cls is User and not args[0].get_bin_path('useradd') and args[0].get_bin_path('adduser'):
            new_cls = BusyBox
''', 1),
    (PACKAGES / 'ansible/modules/group.py', '''        new_cls = get_platform_subclass(Group)
''', '''        new_cls = get_platform_subclass(Group)
        if new_cls is Linux and not args[0].get_bin_path('groupadd') and args[0].get_bin_path('addgroup'):
            new_cls = BusyBoxGroup
''', 1),
]

[LOADER] = LIB.glob('ld-linux*')

# Paths of equal length inside of libraries.
PATHS = [
    # What the image preloads is for its own C library.
    (LOADER, b'/etc/ld.so.preload', b'/.werf/no-preloads', 1),
    # The one locale of the tree.
    (LIB / 'libc.so.6', b'/usr/lib/locale', b'/.werf/stapel/l', 2),
    # Its own name services: the image's are libraries for another C library.
    (LIB / 'libc.so.6', b'/etc/nsswitch.conf', b'/.werf/stapel/l/ns', 1),
    # Another version's openssl.cnf is never read.
    (LIB / 'libcrypto.so.3', b'/usr/lib/ssl', b'/.werf/nossl', None),
]


def replace(path, old, new, expected):
    content = path.read_bytes()
    count = content.count(old)
    if count == 0 or expected is not None and count != expected:
        sys.exit('patch: %s has %d times, and not %s: %r' % (path, count, expected or 'at least once', old))
    path.write_bytes(content.replace(old, new))


for path, old, new, count in TEXTS:
    replace(path, old.encode(), new.encode(), count)
for path, old, new, count in PATHS:
    assert len(old) == len(new)
    replace(path, old, new, count)
print('patch: %d replacements' % (len(TEXTS) + len(PATHS)))
