// service and systemd: a service runs or not, and begins at boot or not. `systemd` (and systemd_service) asks systemctl; `service` asks it where systemd
// runs the host, and otherwise the scripts of /etc/init.d with `service` and update-rc.d. The steps are those of modules/systemd.py and service.py.
// Answer: changed, name, state, enabled, status (what systemctl show says).
import type { ModuleContext, PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript, TRY } from './plan-script.js';

const systemdParameters = {
  name: { type: 'string', aliases: ['service', 'unit'] },
  state: { type: 'string', choices: ['reloaded', 'restarted', 'started', 'stopped'] },
  enabled: { type: 'boolean' },
  force: { type: 'boolean', default: false },
  masked: { type: 'boolean' },
  daemon_reload: { type: 'boolean', default: false, aliases: ['daemon-reload'] },
  daemon_reexec: { type: 'boolean', default: false, aliases: ['daemon-reexec'] },
  scope: { type: 'string', default: 'system', choices: ['system', 'user', 'global'] },
  no_block: { type: 'boolean', default: false },
} as const satisfies Parameters;

const serviceParameters = {
  name: { type: 'string' },
  state: { type: 'string', choices: ['reloaded', 'restarted', 'started', 'stopped'] },
  enabled: { type: 'boolean' },
  // Ansible's action hands these on to systemd where that runs the host; without systemd nobody knows them.
  daemon_reload: { type: 'boolean', aliases: ['daemon-reload'] },
  daemon_reexec: { type: 'boolean', aliases: ['daemon-reexec'] },
  masked: { type: 'boolean' },
  scope: { type: 'string', choices: ['system', 'user', 'global'] },
  no_block: { type: 'boolean' },
  force: { type: 'boolean' },
  arguments: { type: 'string', default: '', aliases: ['args'], refused: 'use the module command' },
  pattern: { type: 'string' },
  sleep: { type: 'integer' },
  runlevel: { type: 'string', default: 'default' },
  use: { type: 'string', default: 'auto', choices: ['auto', 'service', 'systemd', 'sysvinit', 'ansible.builtin.systemd'] },
} as const satisfies Parameters;

/** What failed is told in systemctl's own words, with the newline behind them, and nothing else: as Ansible does. */
const SYSTEMCTL = `
ctl() { systemctl \${scope:+--$scope} \${noblock:+--no-block} \${force:+--force} "$@" 2>&1; }
is_sysv() { [ -e "/etc/init.d/$name" ]; }
at_boot() { systemctl \${scope:+--$scope} is-enabled "$name" "$@" 2>/dev/null; }
with_systemd() {
  systemd=1
  command -v systemctl >/dev/null || fail "Failed to find required executable \\"systemctl\\""
  [ -z "$reload" ] || [ -n "$check" ] || { err=$(ctl daemon-reload) || case $err in *chroot*|*'is not running'*|*'Failed to connect'*) ;; *) fail "failure 1 during daemon-reload: $err$ft_newline" ;; esac; }
  [ -z "$reexec" ] || [ -n "$check" ] || { err=$(ctl daemon-reexec) || fail "failure 1 during daemon-reexec: $err$ft_newline"; }
  [ -n "$name" ] || return 0
  show=$(ctl show "$name"); rc=$?
  offline=; case $show in *'ignoring command'*|*'Running in chroot'*) offline=1 ;; esac
  loaded=$(printf '%s\\n' "$show" | sed -n 's/^LoadState=//p'); active=$(printf '%s\\n' "$show" | sed -n 's/^ActiveState=//p')
  found=1
  if [ -n "$offline" ] || [ "$rc" != 0 ]; then
    offline=1
    at_boot >/dev/null || is_sysv || [ -n "$(ls /lib/systemd/system/"$name" /lib/systemd/system/"$name".service /etc/systemd/system/"$name" /etc/systemd/system/"$name".service 2>/dev/null)" ] || found=
  elif [ "$loaded" = not-found ] && ! is_sysv; then found=
  elif [ "$loaded" != not-found ] && [ "$loaded" != masked ]; then
    err=$(printf '%s\\n' "$show" | sed -n 's/^LoadError=//p'); [ -z "$err" ] || fail "Error loading unit file '$name': $err"
  fi
  if [ -n "$masked" ]; then
    ismasked=; [ "$(at_boot)" != masked ] || ismasked=1
    if [ "$masked" = 1 ] && [ -z "$ismasked" ]; then changed=true; [ -n "$check" ] || { err=$(ctl mask "$name") || { [ -n "$found" ] || fail "Could not find the requested service $name: host"; fail "Failed to mask the service ($name): $err"; }; }; fi
    if [ "$masked" = 0 ] && [ -n "$ismasked" ]; then changed=true; [ -n "$check" ] || { err=$(ctl unmask "$name") || { [ -n "$found" ] || fail "Could not find the requested service $name: host"; fail "Failed to unmask the service ($name): $err"; }; }; fi
  fi
  if [ -n "$enabled" ]; then
    [ -n "$found" ] || fail "Could not find the requested service $name: host"
    # With -l, as Ansible asks: a unit that others bring with them says more than "indirect", and then counts as enabled.
    is=$(at_boot -l); rc=$?
    isenabled=0
    if [ "$rc" = 0 ]; then isenabled=1; case $is in enabled-runtime|indirect|alias) isenabled=0 ;; esac
    elif [ "$rc:$scope" = 1: ] && is_sysv; then case $is in *disabled) ;; *) [ -z "$(ls /etc/rc?.d/S??"$name" 2>/dev/null)" ] || isenabled=1 ;; esac; fi
    if [ "$isenabled" != "$enabled" ]; then
      changed=true
      if [ -z "$check" ]; then
        if [ "$enabled" = 1 ]; then verb=enable; else verb=disable; fi
        err=$(ctl "$verb" "$name") || fail "Unable to $verb service $name: $err$ft_newline"
      fi
    fi
  fi
  if [ -n "$state" ]; then
    [ -n "$found" ] || fail "Could not find the requested service $name: host"
    if [ -n "$offline" ]; then warned=1; return 0; fi
    action=
    case $state:$active in
    started:active|started:activating) ;;
    started:*) action=start ;;
    stopped:active|stopped:activating|stopped:deactivating) action=stop ;;
    stopped:*) ;;
    restarted:active|restarted:activating) action=restart ;;
    reloaded:active|reloaded:activating) action=reload ;;
    restarted:*|reloaded:*) action=start ;;
    esac
    if [ -n "$action" ]; then changed=true; [ -n "$check" ] || { err=$(ctl "$action" "$name") || fail "Unable to $action service $name: $err$ft_newline"; }; fi
  fi
}
`;

const SYSV = `
PATH=$PATH:/sbin:/usr/sbin
with_scripts() {
  [ -z "$foreign" ] || fail "Unsupported parameters for (service) module: $foreign"
  [ -x "/etc/init.d/$name" ] || [ -n "$pattern" ] || fail "Could not find the requested service $name: host"
  if [ -n "$enabled" ]; then
    isenabled=0; [ -z "$(ls /etc/rc[2345].d/S??"$name" 2>/dev/null)" ] || isenabled=1
    if [ "$isenabled" != "$enabled" ]; then
      changed=true
      if [ -z "$check" ]; then
        if [ "$enabled" = 1 ]; then { [ -n "$(ls /etc/rc?.d/[SK]??"$name" 2>/dev/null)" ] || update-rc.d "$name" defaults; update-rc.d "$name" enable; } >/dev/null 2>&1
        else update-rc.d "$name" disable >/dev/null 2>&1; fi || fail "the start of $name at boot could not be set"
      fi
    fi
  fi
  [ -n "$state" ] || return 0
  if [ -n "$pattern" ]; then ps ax 2>/dev/null | grep -v grep | grep -qF -- "$pattern"; running=$?; else service "$name" status >/dev/null 2>&1 </dev/null; running=$?; fi
  act() { try service "$name" "$1" </dev/null || fail "\${err:-$out}"; }
  case $state:$running in
  started:0) ;;
  started:*) changed=true; [ -n "$check" ] || act start ;;
  stopped:0) changed=true; [ -n "$check" ] || act stop ;;
  stopped:*) ;;
  reloaded:0) changed=true; [ -n "$check" ] || act reload ;;
  reloaded:*) changed=true; [ -n "$check" ] || act start ;;
  restarted:*) changed=true; if [ -z "$check" ]; then service "$name" stop >/dev/null 2>&1 </dev/null; [ -z "$pause" ] || sleep "$pause"; act start; fi ;;
  esac
}
`;

const ANSWER = `
answer
say changed "$changed"
say warned "$warned"
say systemd "$systemd"
tell show "$show"
`;

interface ServiceWords {
  readonly name: string | undefined;
  readonly state: string | undefined;
  readonly enabled: boolean | undefined;
}

const EMPTY = { show: '', systemd: '', warned: '', scope: '', noblock: '', force: '', masked: '', reload: '', reexec: '', foreign: '', pattern: '', pause: '' };
const numeral = (value: boolean | undefined) => (value === undefined ? '' : value ? '1' : '0');

function planService(module: string, { name, state, enabled }: ServiceWords, words: Readonly<Record<string, string | number | boolean | undefined>>, choice: string, context: ModuleContext) {
  const all = { ...EMPTY, name, state, enabled: numeral(enabled), ...words };
  return planScript({ module, shown: { name, state, enabled }, words: all, body: `${FAIL}\n${TRY}\n${SYSTEMCTL}\n${SYSV}\n${choice}\n${ANSWER}` }, context, (answer) => {
    const told = state === undefined ? {} : { state: state === 'stopped' ? 'stopped' : 'started' };
    const warnings = answer.values.get('warned') === '1' ? ['Target is a chroot or systemd is offline. This can lead to false positives or prevent the init system tools from working.'] : [];
    return { changed: answer.changed, values: { name: name ?? null, ...told, ...(enabled === undefined ? {} : { enabled }), ...(answer.values.get('systemd') === '1' ? { status: statusOf(answer.text('show')) } : {}) }, warnings };
  });
}

/** The properties of systemctl show. A value in braces of Exec… may go over lines: a script's newlines stand in it. */
function statusOf(show: string): Record<string, string> {
  const status: Record<string, string> = {};
  let open: { readonly name: string; text: string } | undefined;
  for (const line of show.split('\n')) {
    if (open !== undefined) {
      open.text += `\n${line}`;
      if (!line.trimEnd().endsWith('}')) continue;
      status[open.name] = open.text.trim();
      open = undefined;
      continue;
    }
    const [, name, value] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (name.startsWith('Exec') && value.trimStart().startsWith('{') && !value.trimEnd().endsWith('}')) open = { name, text: value };
    else status[name] = value.trim();
  }
  return status;
}

function systemdModule(name: string): PlaybookModule<typeof systemdParameters> {
  return {
    name,
    parameters: systemdParameters,
    checkWritten: (written) => {
      const needy = ['state', 'enabled', 'masked'].find((one) => one in written);
      if (needy !== undefined && !('name' in written)) return { message: `parameters are required by ${needy}: name`, parameter: needy };
      // A name alone asks what systemd knows of the unit. (Ansible documents that one of the others is required; by its own defaults, one always is there.)
      return Object.keys(written).length === 0 ? { message: 'one of the following is required: state, enabled, masked, daemon_reload, daemon_reexec, name' } : undefined;
    },
    plan: (params, context) => {
      const { state, enabled, scope } = params;
      if (params.name !== undefined && /[*?[]/.test(params.name)) throw new ParameterError(`This module does not currently support using glob patterns, found '${params.name}' in service name`, 'name');
      const words = { scope: scope === 'system' ? '' : scope, noblock: params.no_block, force: params.force, masked: numeral(params.masked), reload: params.daemon_reload, reexec: params.daemon_reexec };
      return planService(name, { name: params.name, state, enabled }, words, 'with_systemd', context);
    },
  };
}

export const systemd = systemdModule('systemd');
export const systemdService = systemdModule('systemd_service');

const OF_SYSTEMD = ['daemon_reload', 'daemon_reexec', 'masked', 'scope', 'no_block', 'force'] as const;

export const service: PlaybookModule<typeof serviceParameters> = {
  name: 'service',
  parameters: serviceParameters,
  checkWritten: (written) => {
    const ofSystemd = ['daemon_reload', 'daemon-reload', 'daemon_reexec', 'daemon-reexec'].some((one) => one in written);
    if (!ofSystemd && !['state', 'enabled', 'masked'].some((one) => one in written)) return { message: 'one of the following is required: state, enabled' };
    return ofSystemd || 'name' in written ? undefined : { message: 'missing required arguments: name' };
  },
  plan: (params, context) => {
    const { name, state, enabled, pattern, sleep, use } = params;
    const foreign = OF_SYSTEMD.filter((one) => params[one] !== undefined).sort().join(', ');
    const choice = use.endsWith('systemd') ? 'with_systemd' : use === 'auto' ? 'if [ -d /run/systemd/system ]; then with_systemd; else with_scripts; fi' : 'with_scripts';
    const { daemon_reload: reload, daemon_reexec: reexec, masked, scope, no_block: noblock, force } = params;
    return planService('service', { name, state, enabled }, { pattern, pause: sleep, reload, reexec, masked: numeral(masked), scope: scope === 'system' ? '' : scope, noblock, force, foreign }, choice, context);
  },
};
