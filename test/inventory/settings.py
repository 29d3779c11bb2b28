# All settings of the installed ansible-core: its own, and those of the plugins that take part in inventories, connections, become and playbooks.
# Out: a JSON list of {setting, names}: environment variables, then section.key of ansible.cfg.
import json

from ansible import constants
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring
from ansible.plugins.loader import become_loader, callback_loader, connection_loader, inventory_loader, shell_loader, vars_loader

PLUGINS = [
    (connection_loader, ['ssh', 'paramiko_ssh', 'local']),
    (become_loader, ['sudo', 'su']),
    (vars_loader, ['host_group_vars']),
    (inventory_loader, ['ini', 'yaml', 'script', 'host_list', 'auto']),
    (callback_loader, ['default']),
    (shell_loader, ['sh']),
]


def names_of(option):
    return [one['name'] for one in option.get('env') or []] + ['%s.%s' % (one['section'], one['key']) for one in option.get('ini') or []]


found = [(name, option) for name, option in constants.config._base_defs.items()]
for loader, plugins in PLUGINS:
    for name in plugins:
        path = loader.find_plugin(name)
        document = get_docstring(path, fragment_loader)[0]
        found += [('%s: %s' % (name, key), option) for key, option in document.get('options', {}).items()]
print(json.dumps([{'setting': name, 'names': names_of(option)} for name, option in found if names_of(option)]))
