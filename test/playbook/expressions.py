# Reads {"vars": ..., "expressions": [...]} from standard input; prints one JSON value a line: {"value": ..., "text": ...} or {"error": ...}.
import json
import sys

from ansible import constants

constants.config.get_configuration_definitions()
from ansible.parsing.dataloader import DataLoader
from ansible.template import AnsibleNativeEnvironment, Templar, _is_rolled

data = json.load(sys.stdin)
templar = Templar(loader=DataLoader(), variables=data["vars"])
native = templar.copy_with_new_env(environment_class=AnsibleNativeEnvironment)
for expression in data["expressions"]:
    try:
        # In a list, so that a string stays a string.
        value = native.template("{{ [" + expression + "] }}", fail_on_undefined=True)[0]
        if _is_rolled(value):
            value = list(value)  # so does Ansible with what a template gives (template/__init__.py, _ansible_finalize)
        line = json.dumps({"value": value, "text": str(value)})
    except Exception as error:
        line = json.dumps({"error": str(error)})
    print(line)
