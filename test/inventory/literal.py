# Texts through Ansible's own functions for INI values and host lines. In: {"values": [...], "lines": [...]}. Out: what they make of each.
import json
import sys

from ansible.plugins.inventory.ini import InventoryModule
from ansible.utils.shlex import shlex_split


def plain(value):
    if isinstance(value, dict):
        return {'dict': [[key if isinstance(key, str) else plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {'set': sorted((json.dumps(plain(item)) for item in value))}
    if isinstance(value, (bytes, complex)) or value is Ellipsis:
        return {'none': 1}
    if isinstance(value, float):
        return {'float': repr(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        return {'big': 1}
    return value


def value_of(text):
    try:
        return {'value': plain(InventoryModule._parse_value(text))}
    except Exception as error:
        return {'refused': str(error)}


def words_of(line):
    try:
        return shlex_split(line, comments=True)
    except ValueError as error:
        return 'refused'


task = json.load(sys.stdin)
print(json.dumps({'values': [value_of(text) for text in task['values']], 'lines': [words_of(line) for line in task['lines']]}))
