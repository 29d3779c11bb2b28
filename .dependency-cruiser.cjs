// The way of the data (docs/architecture.md): which room may import which. Rooms not named after `may` are closed to the room before it.
const may = {
  base: [],
  inventory: ['base'],
  ssh: ['base', 'inventory'],
  facts: ['base', 'inventory', 'ssh'],
  modules: ['base', 'inventory', 'ssh', 'facts'],
  playbook: ['base', 'inventory', 'ssh', 'facts', 'modules'],
  systemtap: ['base', 'inventory', 'ssh', 'facts'],
  capture: ['base', 'inventory', 'ssh', 'facts', 'systemtap'],
  merge: ['base'],
  sinks: ['base'],
  logs: ['base'],
  report: ['base', 'logs'],
  expect: ['base'],
  ui: ['base'],
  demo: ['base', 'facts', 'modules'],
  commands: ['base', 'inventory', 'ssh', 'facts', 'modules', 'playbook', 'systemtap', 'capture', 'merge', 'sinks', 'logs', 'report', 'expect', 'ui', 'demo'],
};

const rooms = Object.entries(may).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...rooms,
    { name: 'cli-imports-only-commands', severity: 'error', from: { path: '^src/cli\\.ts$' }, to: { path: '^src/', pathNot: '^src/(base|commands)/' } },
    { name: 'nobody-imports-cli', severity: 'error', from: {}, to: { path: '^src/cli\\.ts$' } },
    { name: 'ssh2-only-in-ssh-and-demo', severity: 'error', from: { path: '^src/', pathNot: '^src/(ssh|demo)/' }, to: { path: 'node_modules/(@types/)?ssh2/' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsConfig: { fileName: 'tsconfig.json' }, tsPreCompilationDeps: true },
};
