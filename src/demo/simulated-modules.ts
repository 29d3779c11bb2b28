// What comes in: the label of a playbook module's script (modules/script.ts). What goes out: the answer that a Debian host would give
// (modules/answer.ts), from what has been "installed" on it so far. Only what playbooks/setup.yml asks for; anything else fails, with a reason.

/** What setup has left on a simulated host: Debian packages and files, so that a second setup changes nothing. */
export interface SimulatedDisk {
  readonly packages: Set<string>;
  readonly files: Set<string>;
  /** What it was in setup --push: `give`, `take`. */
  readonly roles: string[];
}

/** @param label the rest of the label line: the parameters as JSON, in POSIX single quotes */
export function answerModule(name: string, label: string, disk: SimulatedDisk, release: string): string {
  const parameters = JSON.parse(label.replace(/^'|'$/g, '').replaceAll("'\\''", "'")) as Readonly<Record<string, unknown>>;
  switch (name) {
    case 'apt': {
      const missing = ((parameters.name ?? []) as string[]).filter((one) => !disk.packages.has(one));
      for (const one of missing) disk.packages.add(one);
      return answer([`changed=${missing.length > 0}`, 'cache_updated=false', 'cache_update_time=0']);
    }
    case 'copy': {
      const dest = String(parameters.dest);
      const isNew = !disk.files.has(dest);
      disk.files.add(dest);
      return answer([`changed=${isNew}`, `dest=${dest}`]);
    }
    case 'file': {
      if (parameters.state === 'directory') return answer(['changed=true', 'state=directory']);
      const wasThere = disk.files.delete(String(parameters.path));
      return answer([`changed=${wasThere}`, 'state=absent']);
    }
    case 'shell': {
      if (typeof parameters.creates === 'string') {
        const isNew = !disk.files.has(parameters.creates);
        disk.files.add(parameters.creates);
        return answer(['changed=true', 'rc=0', ...(isNew ? [] : [`skipped>${parameters.creates} exists`])]);
      }
      if (typeof parameters.removes === 'string') {
        const wasThere = disk.files.delete(parameters.removes);
        return answer(['changed=true', 'rc=0', ...(wasThere ? [] : [`skipped>${parameters.removes} does not exist`])]);
      }
      const cmd = String(parameters.cmd);
      // Nothing is downloaded here, so there is nothing to give.
      if (cmd.includes('/var/cache/fleet-tap-push')) {
        disk.roles.push(cmd.includes('split -b') ? 'give' : 'take');
        return answer(['changed=true', 'rc=0']);
      }
      // Nothing stands in the way of a simulated host, and its archive has all that it needs.
      if (cmd.includes('/proc/sys/kernel/modules_disabled') || cmd.includes('wanted=$(version_of') || cmd.includes('--download-only') || cmd.includes('fleet_tap_probe')) return answer(['changed=true', 'rc=0']);
      // The other question of setup.yml: which packages carry headers and debug symbols of this kernel?
      if (!cmd.includes("packages='systemtap")) break;
      const packages = ['systemtap', 'gcc', 'make', `linux-headers-${release}`, `linux-image-${release}-dbg`];
      return answer(['changed=true', 'rc=0', ...packages.map((one) => `stdout>${one}`)]);
    }
  }
  return answer(['changed=false', 'failed=true', 'rc=1', `msg>this host is simulated and has no answer to the module ${name}`]);
}

function answer(lines: readonly string[]): string {
  return ['fleet-tap-answer 1', ...lines, 'end', ''].join('\n');
}
