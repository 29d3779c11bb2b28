// Playbooks that have nothing left to change, on 50 hosts: fleet-tap run against ansible-playbook with pipelining, same fan-out, host keys checked.
// `playbook`: 20 tasks. `playbook-far`: the same over a network that takes 50 ms each way (delay-proxy.ts).
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Bench, type BenchOptions, type Contestant } from './bench.js';
import { startDelayProxy } from './delay-proxy.js';
import { ansibleEnv, FORKS } from './fanout.js';
import { type LoopbackFleet, startLoopbackFleet } from './loopback-fleet.js';

const HOSTS = 50;
const DELAY_MS = 50;
const LIMIT_MS = 3000;
/** Ansible's own defaults: one connection for all tasks of a host. */
const PERSISTENT = '-C -o ControlMaster=auto -o ControlPersist=60s -o IdentitiesOnly=yes -o BatchMode=yes';

/** The hosts are one file system: each has a folder of its own there, `base`. */
const PLAYBOOK = `- hosts: all
  gather_facts: false
  vars:
    base: BASE/{{ inventory_hostname }}
    port: 8080
  tasks:
    - { name: folder, file: { path: "{{ base }}", state: directory, mode: "0755" } }
    - { name: folder of parts, file: { path: "{{ base }}/conf.d", state: directory, mode: "0750" } }
    - { name: text, copy: { content: "answer={{ port }}\\n", dest: "{{ base }}/answer.conf", mode: "0644" } }
    - { name: file, copy: { src: motd, dest: "{{ base }}/motd", mode: "0644" } }
    - { name: template, template: { src: site.conf.j2, dest: "{{ base }}/conf.d/site.conf", mode: "0640" } }
    - { name: line, lineinfile: { path: "{{ base }}/hand.conf", line: "listen=yes", regexp: "^listen=", create: true, mode: "0644" } }
    - { name: block, blockinfile: { path: "{{ base }}/hand.conf", block: "cache on;", marker: "# {mark} cache" } }
    - { name: replaced, replace: { path: "{{ base }}/motd", regexp: "unwelcome", replace: "welcome" } }
    - { name: link, file: { src: "{{ base }}/conf.d/site.conf", dest: "{{ base }}/site.conf", state: link } }
    - { name: gone, file: { path: "{{ base }}/old.conf", state: absent } }
    - { name: command, command: "true", args: { creates: "{{ base }}/motd" } }
    - { name: asked, command: "uname -r", register: kernel, changed_when: false }
    - { name: counted, shell: "wc -l < {{ base }}/motd", register: lines, changed_when: false }
    - { name: looked at, stat: { path: "{{ base }}/hand.conf" }, register: answer }
    - { name: read, slurp: { src: "{{ base }}/hand.conf" }, register: content }
    - { name: found, find: { paths: "{{ base }}/conf.d", patterns: "*.conf" }, register: parts }
    - { name: group, group: { name: root } }
    - { name: user, user: { name: root } }
    - { name: facts, set_fact: { size: "{{ answer.stat.size }}" } }
    - name: as it should be
      assert:
        that: [answer.stat.exists, "'listen=yes' in (content.content | b64decode)", parts.matched == 1, size | int > 0, lines.stdout == '3', kernel.rc == 0]
`;
const TASKS = 20;

const TEMPLATE = `server {
{% for name in ['a', 'b', 'c'] %}
  listen {{ port + loop.index }};
  name {{ name }}.{{ inventory_hostname }};
{% endfor %}
}
`;

/** Writes the playbook and has fleet-tap carry it out once, so that nothing is left to change. */
async function writePlaybook(folder: string, cli: string, fleet: LoopbackFleet): Promise<string> {
  const [place, base, file] = [join(folder, 'play'), join(folder, 'hosts'), join(folder, 'play', 'site.yml')];
  await mkdir(join(place, 'files'), { recursive: true });
  await mkdir(join(place, 'templates'));
  await mkdir(base);
  await writeFile(join(folder, 'ansible.cfg'), '');
  await writeFile(join(place, 'files', 'motd'), 'welcome\nto\nthis host\n');
  await writeFile(join(place, 'templates', 'site.conf.j2'), TEMPLATE);
  await writeFile(file, PLAYBOOK.replace('BASE', base));
  const [program, ...words] = [...fleet.inside, process.execPath, cli, 'run', '-i', fleet.inventoryFile, '-f', String(FORKS), file];
  execFileSync(program, words, { env: { ...process.env, XDG_STATE_HOME: folder }, stdio: ['ignore', 'ignore', 'inherit'] });
  return file;
}

/** Every host has done all tasks, and changed nothing. */
function nothingChanged(size: number): (stdout: string) => string | undefined {
  return (stdout) => {
    const done = [...stdout.matchAll(new RegExp(`: ok=${TASKS} +changed=0 +unreachable=0 +failed=0 +skipped=0 `, 'g'))].length;
    return done === size ? undefined : `${done} of ${size} hosts did ${TASKS} tasks and changed nothing`;
  };
}

export const playbook: Bench = {
  about: `${TASKS} tasks that change nothing on ${HOSTS} hosts, fan-out ${FORKS}`,
  needs: ['ansible-playbook', 'sshd', 'unshare', 'nsenter'],
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const fleet = await startLoopbackFleet(size, folder);
    const file = await writePlaybook(folder, cli, fleet);
    const check = nothingChanged(size);
    return {
      contestants: [
        { name: 'fleet-tap', command: [...fleet.inside, process.execPath, cli, 'run', '-i', fleet.inventoryFile, '-f', String(FORKS), file], env: { XDG_STATE_HOME: folder }, check },
        { name: 'ansible-playbook', command: [...fleet.inside, 'ansible-playbook', '-i', fleet.inventoryFile, file], env: { ...ansibleEnv(folder), ANSIBLE_SSH_ARGS: PERSISTENT, ANSIBLE_SSH_CONTROL_PATH_DIR: join(folder, 'cp') }, check },
      ],
      goals: [atMost(1 / 20, 'wallMs', 'fleet-tap', 'ansible-playbook'), atMost(1 / 30, 'cpuMs', 'fleet-tap', 'ansible-playbook')],
      rounds: 1,
      close: () => fleet.close(),
    };
  },
};

export const playbookFar: Bench = {
  about: `the same ${TASKS} tasks, ${DELAY_MS} ms away each way`,
  needs: playbook.needs,
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const fleet = await startLoopbackFleet(size, folder);
    const file = await writePlaybook(folder, cli, fleet);
    const proxy = await startDelayProxy(fleet, DELAY_MS);
    // What connecting alone takes: the same way to the hosts, and nothing done there.
    const inventory = join(folder, 'far.yml');
    await writeFile(inventory, (await readFile(fleet.inventoryFile, 'utf8')).replace(`ansible_port: ${fleet.port}`, `ansible_port: ${proxy.port}`));
    await writeFile(join(folder, 'known_hosts'), (await readFile(join(folder, 'known_hosts'), 'utf8')).replaceAll(`]:${fleet.port} `, `]:${proxy.port} `));
    const words = (name: string, ...rest: string[]): Contestant => ({ name, command: [...fleet.inside, process.execPath, cli, ...rest], env: { XDG_STATE_HOME: folder } });
    return {
      contestants: [
        { ...words('fleet-tap', 'run', '-i', inventory, '-f', String(FORKS), file), check: nothingChanged(size) },
        words('connecting', 'exec', '-i', inventory, '-f', String(FORKS), 'all', '--', ':'),
      ],
      goals: [
        {
          text: `${TASKS} tasks within ${LIMIT_MS} ms after connecting`,
          isMet: (costs) => (costs.get('fleet-tap')?.wallMs ?? Number.NaN) - (costs.get('connecting')?.wallMs ?? 0) <= LIMIT_MS,
          figure: (costs) => `${Math.round((costs.get('fleet-tap')?.wallMs ?? Number.NaN) - (costs.get('connecting')?.wallMs ?? 0))} ms`,
        },
      ],
      rounds: 3,
      close: async () => {
        proxy.close();
        await fleet.close();
      },
    };
  },
};
