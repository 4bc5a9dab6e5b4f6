# Copyright: the authors of werf-frontend
# GNU General Public License v3.0 or later: this plugin runs inside ansible, which has that licence.
"""The filters on results that ansible 2.9 removed: `when: result|failed` and its like."""

from __future__ import annotations


class FilterModule:
    def filters(self):
        return {
            'failed': lambda result: bool(result.get('failed')),
            'succeeded': lambda result: not result.get('failed'),
            'success': lambda result: not result.get('failed'),
            'changed': lambda result: bool(result.get('changed')),
            'skipped': lambda result: bool(result.get('skipped')),
        }
