"""Overlays are directories."""

import os

DIRECTORY = '/var/lib/layman/'


class LaymanAPI:
    def __init__(self, config):
        self.sync_results = ([], [], [])

    def _note(self, *what):
        with open('/calls', 'a') as calls:
            calls.write('layman %s\n' % ' '.join(what))

    def is_installed(self, name):
        return os.path.isdir(DIRECTORY + name)

    def is_repo(self, name):
        return name == 'mozilla'

    def add_repos(self, name):
        self._note('add', name)
        os.makedirs(DIRECTORY + name)
        return True

    def delete_repos(self, name):
        self._note('delete', name)
        os.rmdir(DIRECTORY + name)

    def sync(self, name):
        self._note('sync', name)
        return True

    def get_installed(self):
        return os.listdir(DIRECTORY)

    def get_errors(self):
        return []
