// apt_repository: a one-line source is in apt's lists, or not; new package lists follow. The steps are those of modules/apt_repository.py: when the new
// lists cannot be had, the files are as before. Answer: changed, repo, state, sources_added, sources_removed.
import { parseAnswer } from './answer.js';
import { explainApt } from './apt-errors.js';
import { changeSources, parseSource, sourcesFileName } from './apt-sources.js';
import type { ModuleDiff, PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';
import { assign, moduleScript } from './script.js';
import { tarOf } from './tar.js';

const parameters = {
  repo: { type: 'string', required: true },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  mode: { type: 'mode' },
  update_cache: { type: 'boolean', default: true, aliases: ['update-cache'] },
  update_cache_retries: { type: 'integer', default: 5 },
  update_cache_retry_max_delay: { type: 'integer', default: 12 },
  filename: { type: 'string' },
  // Of Ansible's own workings, and of ppa: lines.
  install_python_apt: { type: 'boolean', default: true },
  validate_certs: { type: 'boolean', default: true },
  codename: { type: 'string' },
} as const satisfies Parameters;

const PPA = { message: 'ppa: is not supported', hint: 'write the line: deb [signed-by=...] https://ppa.launchpadcontent.net/OWNER/NAME/ubuntu CODENAME main' };
const LIST_LIMIT_MS = 60 * 60 * 1000;

const LOOK = `
command -v apt-get >/dev/null || fail "Module apt_repository is not supported on target."
answer
say changed false
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$f" ] || continue
  tell path "$f"
  printf 'text>'; base64 < "$f" | tr -d '\\n'; echo
done
`;

const CHANGE = `
box=$(mktemp -d) && tar -x -f - -C "$box" || fail "the files did not arrive"
trap 'rm -rf "$box"' EXIT
mkdir "$box/old"
write() { # NUMBER PATH ISNEW
  target=$2; [ ! -L "$target" ] || target=$(readlink -f -- "$target")
  [ ! -e "$target" ] || cp -p -- "$target" "$box/old/$1"
  if [ ! -s "$box/f$1" ]; then rm -f -- "$target"; return; fi
  if [ -e "$target" ]; then bits=$(stat -c %a -- "$target"); else bits=$(printf %o "$((0666 & ~$(umask)))"); fi
  [ -z "$3" ] || [ -z "$mode" ] || bits=$mode
  mkdir -p "\${target%/*}"
  cp -- "$box/f$1" "$target.fleet-tap" && chmod "$bits" "$target.fleet-tap" && mv -f -- "$target.fleet-tap" "$target" || fail "Failed to write to file $target."
}
back() { # NUMBER PATH
  if [ -e "$box/old/$1" ]; then mv -f -- "$box/old/$1" "$2"; else rm -f -- "$2"; fi
}
each write
if [ -n "$update" ]; then
  DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
  tried=0; delay=1
  while :; do
    out=$(apt-get -q -y update 2>&1 </dev/null); rc=$?
    case $out in *'Some index files failed to download'*|*'W: Failed to fetch'*) rc=100 ;; esac
    [ "$rc" != 0 ] || break
    tried=$((tried + 1))
    if [ "$tried" -ge "$retries" ]; then each back; answer; say changed false; say failed true; say update 1; tell stdout "$out"; finish; fi
    sleep "$delay"; delay=$((delay * 2)); [ "$delay" -le "$maxdelay" ] || delay=$maxdelay
  done
fi
answer
say changed true
`;

export const aptRepository: PlaybookModule<typeof parameters> = {
  name: 'apt_repository',
  parameters,
  checkWritten: ({ repo }) => {
    if (typeof repo !== 'string' || repo.includes('{{')) return undefined;
    if (repo.startsWith('ppa:')) return { ...PPA, parameter: 'repo' };
    try {
      parseSource(repo);
      return undefined;
    } catch (error) {
      return { message: error instanceof Error ? error.message : String(error), parameter: 'repo' };
    }
  },
  plan: (params, context) => {
    const { repo, state, update_cache: update } = params;
    if (repo.startsWith('ppa:')) throw new ParameterError(PPA.message, 'repo', PPA.hint);
    try {
      parseSource(repo);
    } catch (error) {
      throw new ParameterError(error instanceof Error ? error.message : String(error), 'repo');
    }
    return planScript({ module: 'apt_repository', shown: { repo, state }, words: {}, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const paths = answer.text('path') === '' ? [] : answer.text('path').split('\n');
      const texts = answer.text('text').split('\n');
      const files = new Map(paths.map((path, index) => [path, Buffer.from(texts[index] ?? '', 'base64').toString('utf8')]));
      const name = sourcesFileName(parseSource(repo), params.filename);
      const { changed, before, after, added } = changeSources(files, repo, state === 'absent' ? 'absent' : 'present', name.includes('/') ? name : `/etc/apt/sources.list.d/${name}`);
      const gone = [...before.keys()].filter((path) => after.get(path) === '');
      const made = [...after].filter(([path, text]) => text !== '' && !before.has(path)).map(([path]) => path);
      const diff: ModuleDiff[] = [...made, ...gone].map((path) => ({ before: before.get(path) ?? '', after: after.get(path) ?? '', before_header: before.has(path) ? path : '/dev/null', after_header: (after.get(path) ?? '') !== '' ? path : '/dev/null' }));
      const values = { repo, state, sources_added: made, sources_removed: gone };
      const result = { changed, values, diff: context.diff ? diff : [] };
      if (!changed || context.check) return result;
      const list = [...after];
      const each = `each() { ${list.map(([path], index) => `"$1" ${index} '${path.replaceAll("'", `'\\''`)}' ${added.includes(path) ? '1' : "''"}`).join('; ')}; }`;
      const words = assign({ mode: params.mode, update, retries: Math.max(1, params.update_cache_retries), maxdelay: params.update_cache_retry_max_delay });
      return {
        kind: 'script',
        script: moduleScript('apt_repository', { repo, state }, context, `${words}\n${FAIL}\n${each}\n${CHANGE}`),
        input: tarOf(list.map(([, text], index) => ({ name: `f${index}`, bytes: Buffer.from(text) }))),
        timeoutMs: LIST_LIMIT_MS,
        parse: (written) => {
          const last = parseAnswer('apt_repository', written);
          if (last.values.get('failed') !== 'true') return result;
          if (last.values.get('update') !== '1') return { changed: false, failed: true, msg: last.text('msg') };
          const { message, hint } = explainApt(last.text('stdout'), 'update', []);
          return { changed: false, failed: true, msg: message, ...(hint === undefined ? {} : { hint }), values: { repo, state } };
        },
      };
    });
  },
};
