// Completion in the real shells, as a person at the keyboard gets it; and the man page and tables that are made from the same commands.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..', '..');
let folder = '';
let env: NodeJS.ProcessEnv = {};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-completion-'));
  await writeFile(join(folder, 'inv.yml'), 'web:\n  hosts:\n    web01:\n    web02:\ndb:\n  hosts:\n    db01:\n');
  await writeFile(join(folder, 'program'), '#!/bin/sh\ntouch was-run\n');
  await chmod(join(folder, 'program'), 0o755);
  await writeFile(join(folder, 'broken.yml'), 'web: {hosts: [\n');
  spawnSync('mkfifo', [join(folder, 'pipe')]);
  await mkdir(join(folder, 'mixed'));
  await copyFile(join(folder, 'program'), join(folder, 'mixed', '10-program'));
  await copyFile(join(folder, 'inv.yml'), join(folder, 'mixed', '20.yml'));
  await mkdir(join(folder, 'secret', 'group_vars'), { recursive: true });
  await copyFile(join(folder, 'inv.yml'), join(folder, 'secret', 'inv.yml'));
  await writeFile(join(folder, 'secret', 'group_vars', 'all.yml'), '$ANSIBLE_VAULT;1.1;AES256\n6162\n');
  await writeFile(join(folder, 'secret', 'ansible.cfg'), '[defaults]\ninventory = inv.yml\nvault_password_file = ../program\n');
  // The sources, under the name that is completed.
  await writeFile(join(folder, 'fleet-tap'), `#!/bin/sh\nexec '${process.execPath}' --import '${join(project, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs')}' '${join(project, 'src', 'cli.ts')}' "$@"\n`);
  await chmod(join(folder, 'fleet-tap'), 0o755);
  env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(program: string, ...words: string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, words, { cwd: folder, env }, (error, stdout, stderr) => (error === null ? done(stdout) : fail(new Error(`${stderr}${stdout}`))));
  });
}

/** What bash would put into the line. @param before what was typed before it */
async function inBash(line: string, before = ':'): Promise<string[]> {
  const program = `${before}; source <(fleet-tap completion bash); COMP_LINE=$1; COMP_POINT=\${#COMP_LINE}; _fleet_tap 2> /dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await run('bash', '--norc', '-c', program, 'bash', line)).split('\n').filter((word) => word !== '');
}

describe('in bash', () => {
  it.each([
    ['fleet-tap cap', ['capture']],
    ['fleet-tap capture --orde', ['--order']],
    ['fleet-tap capture --order ', ['live', 'strict', 'none']],
    ['fleet-tap capture --order=s', ['strict']],
    ['fleet-tap capture -i inv.yml w', ['web', 'web01', 'web02']],
    ['fleet-tap capture -i inv.yml -l web:!d', ['!db', '!db01']],
    ["fleet-tap exec -i inv.yml 'web:&d", ['web:&db', 'web:&db01']],
    ['fleet-tap capture --inventory=inv.yml db0', ['db01']],
    ['fleet-tap completion ', ['bash', 'zsh', 'fish']],
    ['fleet-tap exec -i inv.yml all -- w', []],
    ['fleet-tap nothing ', []],
    ['fleet-tap capture -i none.yml w', []],
    ['fleet-tap help cap', ['capture']],
    ['fleet-tap inventory -i inv.yml --host ', ['web01', 'web02', 'db01']],
    // Names of other things than hosts.
    ['fleet-tap capture -i inv.yml --user w', []],
    ['fleet-tap capture -i inv.yml --iface w', []],
    // Only names are asked for: what is encrypted, and who has the password, does not matter.
    ['fleet-tap capture -i secret/inv.yml d', ['db', 'db01']],
    ['fleet-tap capture -i broken.yml w', []],
    ['fleet-tap capture -i pipe w', []],
  ])('%s', async (line, expected) => expect(await inBash(line)).toEqual(expected));

  it('runs no inventory program, named or in a directory', async () => {
    expect(await inBash('fleet-tap capture -i ./program w')).toEqual([]);
    expect(await inBash('fleet-tap capture -i mixed w')).toEqual(['web', 'web01', 'web02']);
    expect(await inBash('fleet-tap capture -i secret/inv.yml w')).toEqual(['web', 'web01', 'web02']);
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });

  it('without -i: the inventory that ansible.cfg or the environment names', async () => {
    expect(await inBash('fleet-tap capture db0')).toEqual([]);
    expect(await inBash('fleet-tap capture db0', 'export ANSIBLE_INVENTORY=inv.yml')).toEqual(['db01']);
    expect(await inBash('fleet-tap exec web0', 'cd secret')).toEqual(['web01', 'web02']);
    expect(await inBash('fleet-tap exec web0', 'export ANSIBLE_INVENTORY=./program')).toEqual([]);
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });
});

const installed = (program: string) => ['/usr/bin', '/bin', '/usr/local/bin'].some((path) => existsSync(join(path, program)));
const missing = (program: string) => (installed(program) ? '' : `skipped: ${program} is not installed (apt-get install ${program})`);

describe.skipIf(missing('fish') !== '')(`in fish ${missing('fish')}`, () => {
  const inFish = async (line: string) => (await run('fish', '--no-config', '-c', 'fleet-tap completion fish | source; complete -C $argv[1]', line)).split('\n').map((row) => row.split('\t')[0]).filter((word) => word !== '');
  it('commands, hosts, choices, files', async () => {
    expect(await inFish('fleet-tap cap')).toEqual(['capture']);
    expect(await inFish('fleet-tap capture -i inv.yml web0')).toEqual(['web01', 'web02']);
    expect(await inFish('fleet-tap capture --order st')).toEqual(['strict']);
    expect(await inFish('fleet-tap capture -i inv')).toEqual(['inv.yml']);
  });
});

describe.skipIf(missing('zsh') !== '')(`in zsh ${missing('zsh')}`, () => {
  // A terminal of its own: completion runs inside of the line editor only.
  const inZsh = async (typed: string) => {
    const program = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; unsetopt zle_bracketed_paste beep; autoload -Uz compinit; compinit -u -d $HOME/dump; source <(fleet-tap completion zsh); function show { print -r -- \\"<<\\$BUFFER>>\\" }; zle -N show; bindkey '^X' show; print re''ady"
zpty -m -r z line '*ready*' || exit 1
zpty -n -w z $'${typed}\\t'
zpty -n -w z $'\\x18'
zpty -m -r z line '*<<*>>*' || exit 2
print -r -- "$line"`;
    const shown = await run('zsh', '-f', '-c', program);
    return /<<([\s\S]*?)>>/.exec(shown)?.[1] ?? shown;
  };
  it('the only command that fits, the only host that fits', async () => {
    expect(await inZsh('fleet-tap captu')).toBe('fleet-tap capture ');
    expect(await inZsh('fleet-tap capture -i inv.yml web:db0')).toContain('web:db01');
  });
});

describe('made from the commands', () => {
  const manual = (kind: string) => run(join(folder, 'fleet-tap'), '__manual', kind);

  it.skipIf(missing('groff') !== '')(`the man page: groff has nothing to say, and shows every command and option ${missing('groff')}`, async () => {
    const page = await manual('man');
    const result = spawnSync('groff', ['-ww', '-Tutf8', '-P-cbou', '-man'], { input: page, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    expect(result.stderr).toBe('');
    const text = result.stdout.replaceAll(/[\u2010-\u2212]/g, '-').replaceAll(/-\n\s*/g, '-');
    for (const word of ['capture', 'exec', '--rerun-failed', '--sync <WITH>', 'EXIT STATUS', 'fleet-tap exec -i inventory.yml web -- uname -r']) expect(text).toContain(word);
    expect(text).not.toContain('__');
  });

  it('docs/commands.md and the table in README are those of the program (npm run docs)', async () => {
    expect(await readFile(join(project, 'docs', 'commands.md'), 'utf8')).toBe(await manual('commands'));
    const readme = await readFile(join(project, 'README.md'), 'utf8');
    expect(/<!-- options[^>]*-->\n([\s\S]*?)<!-- \/options -->/.exec(readme)?.[1]).toBe(await manual('options'));
    const setup = await readFile(join(project, 'docs', 'setup.md'), 'utf8');
    expect(/<!-- compatibility[^>]*-->\n([\s\S]*?)<!-- \/compatibility -->/.exec(setup)?.[1]).toBe(await manual('compatibility'));
    const probe = await readFile(join(project, 'playbooks', 'setup', 'probe.yml'), 'utf8');
    expect(/# remedies: .*\n([\s\S]*?) *# \/remedies/.exec(probe)?.[1]?.replaceAll(/^ {10}/gm, '')).toBe(await manual('remedies'));
  });
});
