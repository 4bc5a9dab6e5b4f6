# Copyright: the authors of werf-frontend
# GNU General Public License v3.0 or later.
"""What python does for the image's sake when it starts.

- LD_PRELOAD of the image, which the launcher kept from this python, is for the programs that it starts.
- Users and groups that are in no file of the image are asked for with the image's own getent: its name services are
  libraries for its C library, which the tree's never loads.
"""
import grp
import os
import pwd

if 'WERF_LD_PRELOAD' in os.environ:
    os.environ['LD_PRELOAD'] = os.environ.pop('WERF_LD_PRELOAD')


def answer(database, key):
    """Returns the fields that getent has for the key, if the image names services that files do not cover."""
    services = set()
    try:
        with open('/etc/nsswitch.conf', errors='replace') as lines:
            for line in lines:
                if line.startswith(database + ':'):
                    services.update(line.split('#')[0].split()[1:])
    except OSError:
        pass
    if services <= {'files', 'compat', 'systemd'}:
        return None
    import subprocess
    try:
        done = subprocess.run(['getent', database, str(key)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    fields = done.stdout.decode('utf-8', 'surrogateescape').rstrip('\n').split(':')
    return fields if done.returncode == 0 else None


def passwd(fields):
    return pwd.struct_passwd((*fields[:2], int(fields[2]), int(fields[3]), *fields[4:7]))


def group(fields):
    return grp.struct_group((*fields[:2], int(fields[2]), [name for name in fields[3].split(',') if name]))


def also_by_getent(lookup, database, entry):
    def look_up(key):
        try:
            return lookup(key)
        except KeyError:
            fields = answer(database, key)
            if fields is None:
                raise
            return entry(fields)
    return look_up


for module, names, database, entry in (
    (pwd, ('getpwnam', 'getpwuid'), 'passwd', passwd),
    (grp, ('getgrnam', 'getgrgid'), 'group', group),
):
    for name in names:
        setattr(module, name, also_by_getent(getattr(module, name), database, entry))
