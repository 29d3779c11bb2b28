"""What ansible-core's facts/system/distribution.py finds in given files of /etc. Runs in a mount namespace of its own.

Usage: distribution.py CASES.json FOLDER; prints a JSON object, one entry a case.
"""
import ctypes
import json
import os
import shutil
import sys

from ansible.module_utils import distro
from ansible.module_utils.facts.system import distribution

MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, flags):
    if libc.mount(source.encode(), target.encode(), None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), "mount %s on %s" % (source, target))


class Module:
    """As much of an AnsibleModule as the code asks for."""

    def debug(self, text):
        pass

    def get_bin_path(self, name):
        return None


def main(cases_file, folder):
    with open(cases_file) as stream:
        cases = json.load(stream)
    etc = os.path.join(folder, "etc")
    os.mkdir(etc)
    # /etc and /usr/lib/os-release become ours, in this namespace only.
    mount("none", "/", MS_REC | MS_PRIVATE)
    usr_lib = os.path.join(folder, "os-release")
    open(usr_lib, "w").close()
    mount(usr_lib, "/usr/lib/os-release", MS_BIND)
    mount(etc, "/etc", MS_BIND)
    found = {}
    for name, case in cases.items():
        for old in os.listdir(etc):
            path = os.path.join(etc, old)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for path, text in case["files"].items():
            target = os.path.join(etc, os.path.relpath(path, "/etc"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w") as stream:
                stream.write(text)
        implementation = sys.modules[distro.LinuxDistribution.__module__]
        implementation._distro = implementation.LinuxDistribution(include_lsb=False)
        found[name] = distribution.Distribution(Module()).get_distribution_facts()
    print(json.dumps(found))


main(*sys.argv[1:])
