# Reads a JSON list of YAML texts from standard input; prints one JSON value a line: {"value": ...} or {"error": ...}: what Ansible's loader reads.
import datetime
import json
import sys

from ansible.parsing.yaml.loader import AnsibleLoader
from ansible.utils.unsafe_proxy import AnsibleUnsafe

JSON_KEYS = {"True": "true", "False": "false", "None": "null"}


def plain(value):
    if isinstance(value, AnsibleUnsafe):
        return {"unsafe": str(value)}
    if isinstance(value, dict):
        return {JSON_KEYS.get(repr(key), str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return {"int": str(int(value))}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return str(value)


for text in json.load(sys.stdin):
    try:
        print(json.dumps({"value": plain(AnsibleLoader(text, file_name="test.yml").get_single_data())}))
    except Exception as error:
        print(json.dumps({"error": str(error).splitlines()[0]}))
