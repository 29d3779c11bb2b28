# Reads {"vars": ..., "templates": [{"text": ..., "options": {...}}]} from standard input; prints one JSON value a line: {"text": ...} or {"error": ...}:
# what the template module would put on the host (plugins/action/template.py).
import json
import os
import sys

from ansible import constants

constants.config.get_configuration_definitions()
from ansible.parsing.dataloader import DataLoader
from ansible.template import AnsibleEnvironment, Templar

data = json.load(sys.stdin)
templar = Templar(loader=DataLoader(), variables=data["vars"])
for template in data["templates"]:
    try:
        options = {"trim_blocks": True, "lstrip_blocks": False, "newline_sequence": "\n", **template.get("options", {})}
        own = templar.copy_with_new_env(environment_class=AnsibleEnvironment, searchpath=[data["folder"]], available_variables=data["vars"], **options)
        line = json.dumps({"text": own.do_template(template["text"], preserve_trailing_newlines=True, escape_backslashes=False)})
    except Exception as error:
        line = json.dumps({"error": str(error)})
    print(line)
