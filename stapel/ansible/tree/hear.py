# Copyright: the authors of werf-frontend
# GNU General Public License v3.0 or later: this module runs inside ansible, which has that licence.
"""Lets a build log hear what a program says while it runs, for `raw` and `script`, which no module runs."""

import os
import re
import selectors

SCRATCH = '/.werf/ansible-tmpdir'
# What the shell says before the program if another user runs it; ansible takes it out of the result itself.
BECOME = re.compile(rb'BECOME-SUCCESS-[a-z]+\n?')


def communicate(process):
    """Does what `Popen.communicate()` does, and copies what it reads to the log."""
    process.stdin.close()
    parts = {process.stdout: [], process.stderr: []}
    log = None
    with selectors.DefaultSelector() as selector:
        for stream in parts:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                parts[key.fileobj].append(chunk)
                log = log or start()
                log.write(BECOME.sub(b'', chunk))
    if log:
        log.close()
    for stream in parts:
        stream.close()
    process.wait()
    return tuple(b''.join(chunks) for chunks in parts.values())


def start():
    """Opens the log, and tells the callback that the output has been shown."""
    with open(SCRATCH + '/live') as live:
        log = open(live.read(), 'wb', buffering=0)
    open(SCRATCH + '/said', 'w').close()
    return log
