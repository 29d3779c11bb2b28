// getent, package_facts and service_facts: what a host's name services, package manager and init system know, as facts. They never change anything.
// Their facts stand in `ansible_facts`, and as variables under their own names (`packages`, `services`, `getent_passwd`), without `ansible_`.
import type { HostText } from '../base/host-text.js';
import type { ModuleResult, PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const withFacts = (facts: Readonly<Record<string, unknown>>, more: Partial<ModuleResult> = {}): ModuleResult => ({
  changed: false,
  values: { ansible_facts: facts },
  effects: [{ kind: 'ansible-facts', facts, areBare: true }],
  ...more,
});

const lines = (text: HostText): string[] => text.split('\n').filter((line) => line !== '');

const getentParameters = {
  database: { type: 'string', required: true },
  key: { type: 'string' },
  service: { type: 'string' },
  split: { type: 'string' },
  fail_key: { type: 'boolean', default: true },
} as const satisfies Parameters;

/** Databases whose fields colons part; in the others it is white space (modules/getent.py). */
const WITH_COLONS = ['passwd', 'shadow', 'group', 'gshadow'];

/** What getent(1) says with its exit status. */
const GETENT_FAILURES: Readonly<Record<string, string>> = {
  1: 'Missing arguments, or database unknown.',
  2: 'One or more supplied key could not be found in the database.',
  3: 'Enumeration not supported on this database.',
};

const GETENT = `
${FAIL}
command -v getent >/dev/null || fail 'Failed to find required executable "getent"'
out=$(getent "$database" \${key:+"$key"} \${service:+-s "$service"} 2>/dev/null); rc=$?
answer
say changed false
say rc "$rc"
tell found "$out"
finish
`;

export const getent: PlaybookModule<typeof getentParameters> = {
  name: 'getent',
  parameters: getentParameters,
  ahead: 'looks',
  plan: ({ database, key, service, split, fail_key }, context) =>
    planScript({ module: 'getent', shown: { database, key }, words: { database, key: key ?? '', service: service ?? '' }, body: GETENT, look: 'itself' }, context, (answer) => {
      const tree = `getent_${database}`;
      const rc = answer.values.get('rc') ?? '';
      const msg = GETENT_FAILURES[rc] ?? 'Unexpected failure!';
      if (rc === '2' && !fail_key) return withFacts({ [tree]: key === undefined ? {} : { [key]: null } }, { msg });
      if (rc !== '0') return { changed: false, failed: true, msg };
      const separator = split ?? (WITH_COLONS.includes(database) ? ':' : undefined);
      const found: Record<string, unknown> = {};
      const times = new Map<string, number>();
      for (const line of lines(answer.text('found'))) {
        const [name = '', ...fields] = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
        const before = times.get(name) ?? 0;
        times.set(name, before + 1);
        // A name that stands there twice has a list of both.
        found[name] = before === 0 ? fields : [...(before === 1 ? [found[name]] : (found[name] as unknown[])), fields];
      }
      return withFacts({ [tree]: found });
    }),
};

const packageFactsParameters = {
  manager: { type: 'list', default: ['auto'] },
  strategy: { type: 'string', default: 'first', choices: ['first', 'all'] },
} as const satisfies Parameters;

const PACKAGES = `
${FAIL}
command -v dpkg-query >/dev/null || fail 'Could not detect a supported package manager from the following list: ["apt"], or the required Python library is not installed. Check warnings for details.'
native=$(dpkg --print-architecture)
answer
say changed false
say native "$native"
tell found "$(dpkg-query -W -f='\${db:Status-Status} \${Package} \${Version} \${Architecture} \${Section}\\n' | sed -n 's/^installed //p')"
finish
`;

export const packageFacts: PlaybookModule<typeof packageFactsParameters> = {
  name: 'package_facts',
  parameters: packageFactsParameters,
  ahead: 'looks',
  plan: ({ manager }, context) => {
    const wanted = manager.map((one) => one.toLowerCase());
    if (!wanted.some((one) => ['auto', 'apt'].includes(one))) throw new ParameterError(`no package manager of these is supported: ${manager.join(', ')}; supported: auto, apt`, 'manager');
    return planScript({ module: 'package_facts', shown: {}, words: {}, body: PACKAGES, look: 'itself' }, context, (answer) => {
      const native = answer.values.get('native');
      const packages: Record<string, object[]> = {};
      for (const line of lines(answer.text('found'))) {
        const [own = '', version = '', arch = '', category = ''] = line.split(' ');
        // As apt names it: with its architecture where that is another than the host's.
        const name = arch === native || arch === 'all' ? own : `${own}:${arch}`;
        packages[name] = [...(packages[name] ?? []), { name, version, arch, category, source: 'apt' }];
      }
      return withFacts({ packages });
    });
  },
};

const SERVICES = `
${FAIL}
answer
say changed false
! command -v service >/dev/null || tell scripts "$(service --status-all 2>/dev/null)"
# In a chroot systemctl answers too, where nothing manages services (module_utils/service.py, is_systemd_managed).
managed() { [ -d /run/systemd/system ] || [ -d /dev/.run/systemd ] || [ -d /dev/.systemd ] || [ "$(cat /proc/1/comm 2>/dev/null)" = systemd ]; }
if command -v systemctl >/dev/null && managed && units=$(systemctl list-units --no-pager --type service --all --plain --no-legend 2>/dev/null); then
  tell units "$units"
  files=$(systemctl list-unit-files --no-pager --type service --all --no-legend)
  tell files "$files"
  # A block for each, in this order: of an alias, systemctl says the other name. Templates (@.service) have no state.
  names=$(printf '%s\\n' "$files" | cut -d' ' -f1 | grep -v '@\\.service$')
  tell names "$names"
  tell states "$(printf '%s\\n' "$names" | xargs -r systemctl show --property=ActiveState 2>/dev/null | sed -n 's/^ActiveState=//p')"
fi
finish
`;

/** These say in list-units what list-unit-files does not know. */
const BAD_STATES = ['not-found', 'masked', 'failed'];

interface Service {
  readonly name: string;
  readonly state: string;
  status: string | undefined;
  readonly source: string;
}

/** As modules/service_facts.py reads systemctl. @param active of unit files */
function systemdServices(units: HostText, files: HostText, active: ReadonlyMap<string, string>): Record<string, Service> {
  const services: Record<string, Service> = {};
  for (const line of lines(units)) {
    const fields = line.replace(/^[●*○×] */u, '').trim().split(/\s+/);
    const [name = ''] = fields;
    const bad = BAD_STATES.find((state) => fields.includes(state));
    services[name] = { name, state: fields[3] === 'running' ? 'running' : 'stopped', status: bad ?? fields[2], source: 'systemd' };
  }
  for (const line of lines(files)) {
    const [name = '', status = ''] = line.trim().split(/\s+/);
    const known = services[name];
    if (known === undefined) services[name] = { name, state: active.get(name) ?? 'unknown', status, source: 'systemd' };
    else if (known.status === undefined || !BAD_STATES.includes(known.status)) known.status = status;
  }
  return services;
}

/** `service --status-all`: ` [ + ]  ssh`. */
function sysvServices(scripts: HostText): Record<string, object> {
  const states: Readonly<Record<string, string>> = { '+': 'running', '-': 'stopped' };
  return Object.fromEntries(
    lines(scripts).flatMap((line) => {
      const [, mark = '', name = ''] = /^\s*\[\s*([+?-])\s*\]\s+(\S+)/.exec(line) ?? [];
      return name === '' || states[mark] === undefined ? [] : [[name, { name, state: states[mark], source: 'sysv' }]];
    }),
  );
}

const noParameters = {} as const satisfies Parameters;

export const serviceFacts: PlaybookModule<typeof noParameters> = {
  name: 'service_facts',
  parameters: noParameters,
  ahead: 'looks',
  plan: (_, context) =>
    planScript({ module: 'service_facts', shown: {}, words: {}, body: SERVICES, look: 'itself' }, context, (answer) => {
      const states = lines(answer.text('states'));
      const active = new Map(lines(answer.text('names')).map((name, index) => [name, states[index] ?? 'unknown']));
      return withFacts({ services: { ...sysvServices(answer.text('scripts')), ...systemdServices(answer.text('units'), answer.text('files'), active) } });
    }),
};
