"""Leaves out of python, ansible and its collections what no stage can reach."""

import re
import shutil
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LIB = Path('/.werf/stapel/embedded/lib')
STDLIB = LIB / 'python3.11'
PACKAGES = LIB / 'python3/dist-packages'

# Of the standard library: tests, graphics, interactive things, servers, and what needs libraries that are not here.
UNUSED = [
    'EXTERNALLY-MANAGED', 'asyncio', 'config-3.11-*', 'curses', 'dbm', 'ensurepip', 'idlelib', 'lib2to3', 'pydoc_data',
    'sitecustomize*', 'sqlite3', 'test', 'tkinter', 'turtle*', 'unittest', 'wsgiref',
] + ['lib-dynload/%s*' % name for name in (
    '_asyncio', '_codecs_', '_curses', '_dbm', '_gdbm', '_sqlite3', '_test', '_tkinter', '_xx', 'nis', 'ossaudiodev', 'readline', 'xx',
)]
# Of packages: what only developers run, other transports and systems, and what only compiles C.
UNUSED_PACKAGES = [
    '*.dist-info/RECORD', '*.egg-info', 'ansible/galaxy/data', 'ansible/module_utils/csharp', 'ansible/module_utils/powershell',
    'ansible/plugins/connection/p*', 'ansible/plugins/connection/winrm.py', 'ansible_test', 'apt_inst-stubs', 'apt_pkg-stubs', 'bin',
    'cffi', 'packaging/licenses', 'packaging/metadata.py', 'pycparser', 'share',
]
# Of ansible's own modules: those that actions run, apart from the list.
ACTIONS_RUN = {'__init__', 'async_status', 'async_wrapper', 'dnf5', 'include_tasks', 'ping', 'setup'}

# What of a collection ansible needs apart from its modules.
PARTS = ('MANIFEST.json', 'meta/', 'COPYING', 'LICENSES/', 'plugins/module_utils/', 'plugins/plugin_utils/', 'plugins/filter/',
         'plugins/test/')
COLLECTIONS = ('community/general', 'community/crypto', 'ansible/posix')


def remove(root, patterns):
    for pattern in patterns:
        for path in root.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def wanted(path, modules):
    """Whether a file of a collection, by its path in it, is kept."""
    if path.startswith(PARTS):
        return True
    if not path.startswith(('plugins/modules/', 'plugins/action/')):
        return False
    name = path.rsplit('/', 1)[-1].split('.')[0]
    return name in modules or name.startswith(('openssl_', 'x509_', '__init__'))


def unpack_collections():
    modules = set((HERE / 'modules.txt').read_text().split())
    [wheel] = Path('/fetched/collections').glob('ansible-*.whl')
    found = set()
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.namelist()):
            for collection in COLLECTIONS:
                root = 'ansible_collections/%s/' % collection
                if entry.startswith(root) and not entry.endswith('/') and wanted(entry[len(root):], modules):
                    target = PACKAGES / entry
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(entry))
                    found.add(Path(entry).stem)
    builtin = {path.stem for path in (PACKAGES / 'ansible/modules').glob('*.py')}
    actions = {path.stem for path in (PACKAGES / 'ansible/plugins/action').glob('*.py')}
    # Renamed in its collection; core redirects it.
    missing = modules - found - builtin - actions - {'openssl_certificate'}
    if missing:
        raise SystemExit('no module of the names %s' % ', '.join(sorted(missing)))
    for path in (PACKAGES / 'ansible/modules').iterdir():
        if path.stem not in modules | ACTIONS_RUN:
            path.unlink()


def drop_unreachable_utilities():
    """Removes what of the largest collection's utilities no module that is kept imports, directly or not."""
    plugins = PACKAGES / 'ansible_collections/community/general/plugins'
    utilities = plugins / 'module_utils'
    todo = [path for part in ('modules', 'action', 'filter', 'plugin_utils', 'test') for path in (plugins / part).rglob('*.py')]
    kept = set()
    while todo:
        text = todo.pop().read_text()
        names = re.findall(r'community\.general\.plugins\.module_utils\.([\w.]+)', text) + re.findall(
            r'^\s*from \.+([\w.]+) import', text, re.MULTILINE)
        names += re.findall(r'community\.general\.plugins\.module_utils import (\w+)', text)
        for name in names:
            parts = name.split('.')
            for length in range(1, len(parts) + 1):
                base = utilities.joinpath(*parts[:length])
                for path in (base.with_suffix('.py'), base / '__init__.py'):
                    if path.exists() and path not in kept:
                        kept.add(path)
                        todo.append(path)
                if length == len(parts) and base.is_dir():
                    for path in base.glob('*.py'):
                        if path not in kept:
                            kept.add(path)
                            todo.append(path)
    for path in utilities.rglob('*.py'):
        if path not in kept and path.name != '__init__.py':
            path.unlink()


remove(STDLIB, UNUSED)
remove(PACKAGES, UNUSED_PACKAGES)
unpack_collections()
drop_unreachable_utilities()
