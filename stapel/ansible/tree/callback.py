# Copyright: the authors of werf-frontend
# GNU General Public License v3.0 or later: this plugin runs inside ansible, which has that licence.
"""What a build log shows of a play: each task, what it printed, and how it ended."""

from __future__ import annotations

DOCUMENTATION = '''
    name: werf
    type: stdout
    short_description: output for a build log
    description: Shows each task, what it printed, and how it ended.
'''

import json
import os
import re
import time

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

SCRATCH = '/.werf/ansible-tmpdir'
WIDTH = 100
# What is printed in full, in this order.
OUTPUT = ('stdout', 'stderr', 'module_stdout', 'module_stderr')


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'werf'

    def __init__(self):
        super().__init__()
        self.begun = time.monotonic()

    def say(self, text, indent='    '):
        for line in str(text).rstrip('\n').split('\n'):
            self._display.display(indent + line if line else '')

    # The task

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.begun = time.monotonic()
        module = task.action.rsplit('.', 1)[-1]
        words = [module]
        if task.name and task.name != task.action:
            words.append("'%s'" % task.name)
        if not task.no_log:
            words.append(summary(task.args))
        line = ' '.join(word for word in words if word)
        self.say('* ' + (line if len(line) <= WIDTH else line[:WIDTH - 3] + '...'), '')

    v2_playbook_on_handler_task_start = v2_playbook_on_task_start

    # How it ended

    def v2_runner_on_ok(self, result):
        values = self.values(result)
        if 'results' not in values or result._task.loop is None:
            self.output(result._task, values)
        self.verdict('changed' if values.get('changed') else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        values = self.values(result)
        if 'results' not in values or result._task.loop is None:
            self.output(result._task, values)
        if not ignore_errors:
            note_failed(result._task)
        what = 'failed, ignored' if ignore_errors else 'FAILED'
        self.verdict(what, reason(values))

    def v2_runner_on_unreachable(self, result):
        note_failed(result._task)
        self.verdict('FAILED', reason(self.values(result)))

    def v2_runner_on_skipped(self, result):
        self.verdict('skipped')

    def v2_runner_item_on_ok(self, result):
        self.item(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_item_on_failed(self, result):
        self.item(result, 'failed', reason(self.values(result)))

    def v2_runner_item_on_skipped(self, result):
        self.item(result, 'skipped')

    def v2_runner_retry(self, result):
        values = self.values(result)
        self.output(result._task, values)
        left = values.get('retries', 0) - values.get('attempts', 0)
        self.say('not yet: %d more tries' % left, '  ')

    def v2_playbook_on_no_hosts_matched(self):
        self.say('no host: the playbook is damaged', '')

    # Parts of it

    def values(self, result):
        """Returns the result without what is to be hidden."""
        values = result._result
        for warning in values.get('warnings') or []:
            self.say('warning: %s' % warning, '  ')
        return values

    def item(self, result, how, why=''):
        values = self.values(result)
        self.output(result._task, values)
        item = self._get_item_label(values)
        self.say('%s: %s%s' % (item, how, ': ' + why if why else ''), '  ')

    def verdict(self, how, why=''):
        seconds = time.monotonic() - self.begun
        self.say('%s (%.1fs)%s' % (how, seconds, ': ' + why if why else ''), '  ')

    def output(self, task, values):
        said = os.path.join(SCRATCH, 'said')
        if os.path.exists(said):
            os.unlink(said)
            return
        module = task.action.rsplit('.', 1)[-1]
        if module == 'debug':
            shown = {key: value for key, value in values.items() if not key.startswith('_') and key not in HIDDEN}
            text = shown.pop('msg', None)
            if text is not None and not values.get('failed'):
                self.say(readable(text))
            for key, value in shown.items():
                self.say('%s: %s' % (key, readable(value)))
            return
        if module in ('assert', 'meta', 'set_fact', 'slurp', 'stat', 'find'):
            return
        for key in OUTPUT:
            if isinstance(values.get(key), str) and values[key].strip():
                self.say(values[key])


HIDDEN = {'changed', 'failed', 'warnings', 'deprecations', 'censored', 'item', 'ansible_loop_var', 'attempts', 'exception',
          'results', 'skip_reason', 'skipped', 'false_condition', 'invocation'}


def readable(value):
    """Returns a text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, cls=AnsibleJSONEncoder, indent=2, ensure_ascii=False)


def summary(args):
    """Returns the arguments of a task in a few words."""
    raw = args.get('_raw_params')
    words = [] if raw is None else [' '.join(str(raw).split())]
    for key in ('name', 'pkg', 'path', 'dest', 'msg', 'url', 'that'):
        value = args.get(key)
        if value and not words:
            words.append('%s=%s' % (key, ', '.join(map(str, value)) if isinstance(value, list) else ' '.join(str(value).split())))
    return '[%s]' % words[0] if words and words[0] else ''


def reason(values):
    """Returns why a task failed, in one line."""
    parts = []
    if values.get('rc') not in (None, 0):
        parts.append('exit code %s' % values['rc'])
    message = values.get('censored') or values.get('msg')
    if message:
        parts.append(' '.join(str(message).split()))
    # What a service said: `uri` has it as the message.
    if isinstance(values.get('response'), str):
        parts.append(' '.join(values['response'].split()))
    if values.get('evaluated_to') is False and values.get('assertion'):
        parts.append('not true: %s' % values['assertion'])
    return ': '.join(parts)


def note_failed(task):
    """Notes the index of the task, for the exit code: the last tag task_N is the frontend's."""
    numbers = [found.group(1) for found in (re.fullmatch(r'task_(\d+)', str(tag)) for tag in task.tags) if found]
    if numbers:
        with open(os.path.join(SCRATCH, 'failed'), 'w') as note:
            note.write(numbers[-1])
