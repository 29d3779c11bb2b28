# Many inventories through Ansible's own InventoryManager and VariableManager in one process.
# In: a JSON list of {sources, play, patterns}. Out: one JSON line for each: {refused} or {hosts, groups, patterns}.
import datetime
import json
import sys

from ansible.inventory import group as group_module
from ansible.inventory import manager as manager_module
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path
from ansible.utils.unsafe_proxy import AnsibleUnsafe
from ansible.utils.vars import combine_vars
from ansible.cli.inventory import INTERNAL_VARS


class OrderedSet(dict):
    """Ansible walks groups with sets of objects, whose order changes from run to run: this one keeps the order in which things were added."""

    def __init__(self, items=()):
        super().__init__((item, None) for item in items)

    def add(self, item):
        self[item] = None

    def remove(self, item):
        del self[item]

    def update(self, items):
        for item in items:
            self[item] = None

    def difference_update(self, items):
        for item in items:
            self.pop(item, None)


group_module.set = OrderedSet

warnings = []
manager_module.display.warning = lambda message, *rest, **more: warnings.append(message)
manager_module.display.error = lambda *rest, **more: None


def plain(value):
    if isinstance(value, AnsibleUnsafe):
        return {'unsafe': str(value)}
    if isinstance(value, dict):
        return {key_text(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {'a set': sorted((plain(item) for item in value), key=repr)}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, float):
        return {'a float': repr(value)}
    if isinstance(value, (bytes, complex)) or value is Ellipsis:
        return {'no JSON': repr(value)}
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def key_text(key):
    return key if isinstance(key, str) else repr(key) if isinstance(key, float) else json.dumps(plain(key))


def without_internal(variables):
    return {key: value for key, value in variables.items() if key not in INTERNAL_VARS}


def answer(task):
    del warnings[:]
    loader = DataLoader()
    loader.set_basedir(task['play'])
    try:
        manager = manager_module.InventoryManager(loader=loader, sources=list(task['sources']))
        variables = VariableManager(loader=loader, inventory=manager)
        unparsed = [message for message in warnings if message.startswith('Unable to parse')]
        if unparsed:
            return {'refused': ' '.join(warnings)}
        hosts = {name: plain(without_internal(variables.get_vars(host=host, include_hostvars=False, stage='all'))) for name, host in manager.hosts.items()}
        groups = {}
        for name, group in manager.groups.items():
            own = combine_vars(group.get_vars(), get_vars_from_inventory_sources(loader, manager._sources, [group], 'all'))
            get_vars_from_path(loader, task['play'], [group], 'all')  # fleet-tap reads files of groups without hosts, too
            groups[name] = {
                'hosts': [host.name for host in group.get_hosts()],
                'ownHosts': [host.name for host in group.hosts],
                'children': [child.name for child in group.child_groups],
                'vars': plain(without_internal(own)),
                'priority': group.priority,
            }
        memberships = {name: host.get_magic_vars()['group_names'] for name, host in manager.hosts.items()}
        chosen = []
        for pattern in task['patterns']:
            try:
                chosen.append([host.name for host in manager.get_hosts(pattern)])
            except Exception as error:
                chosen.append(str(error))
        return {'hosts': list(hosts), 'vars': hosts, 'groups': groups, 'groupOrder': list(groups), 'memberships': memberships, 'patterns': chosen, 'warnings': list(warnings)}
    except Exception as error:
        return {'refused': '%s: %s %s' % (type(error).__name__, error, ' '.join(warnings))}


for line in json.load(sys.stdin):
    print(json.dumps(answer(line)))
