// fetch: a file of the host becomes a file of the controller, below a folder for each host unless `flat`. As with Ansible it is skipped in check mode.
// Guaranteed: nothing is written outside of `dest`, whatever the host says its home directory is (CVE-2019-3828).
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, normalize, resolve, sep } from 'node:path';
import type { ModuleResult, PlaybookModule } from './module.js';
import { OWN } from './ownership.js';
import { ParameterError, type Parameters } from './params.js';
import { planScript } from './plan-script.js';
import { READ_FILE } from './slurp.js';

const parameters = {
  src: { type: 'path', required: true },
  dest: { type: 'path', required: true },
  flat: { type: 'boolean', default: false },
  fail_on_missing: { type: 'boolean', default: true },
  validate_checksum: { type: 'boolean', default: true },
} as const satisfies Parameters;

export const fetch: PlaybookModule<typeof parameters> = {
  name: 'fetch',
  parameters,
  plan: (params, context) => {
    const { src, dest } = params;
    if (context.check) return { kind: 'done', result: { changed: false, skipped: true, msg: 'check mode not (yet) supported for this module' } };
    const plan = planScript({ module: 'fetch', shown: { src }, words: { src }, body: `${OWN}\n${READ_FILE}` }, context, (answer) => {
      const source = answer.text('src');
      const bytes = Buffer.from(answer.values.get('content') ?? '', 'base64');
      return { kind: 'action', run: () => keep(bytes, source) };
    });
    const keep = async (bytes: Buffer, source: string): Promise<ModuleResult> => {
      const below = resolve(context.localFolder, dest);
      const target = params.flat ? (dest.endsWith('/') ? `${below}/${source.slice(source.lastIndexOf('/') + 1)}` : below) : normalize(`${below}/${context.hostName}/${source}`);
      if (!params.flat && !target.startsWith(`${below}${sep}`)) throw new ParameterError(`Detected directory traversal, expected to be contained in '${below}' but got '${target}'`, 'src');
      if ((await stat(target).catch(() => undefined))?.isDirectory() === true) {
        const msg = params.flat && dest.endsWith('/') ? `calculated dest '${target}' is an existing directory, use another path that does not point to an existing directory` : 'dest is an existing directory, use a trailing slash if you want to fetch src into that directory';
        return { changed: false, failed: true, msg };
      }
      const checksum = createHash('sha1').update(bytes).digest('hex');
      const md5sum = createHash('md5').update(bytes).digest('hex');
      const before = await readFile(target).catch(() => undefined);
      if (before?.equals(bytes) === true) return { changed: false, values: { dest: target, file: source, checksum, md5sum } };
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes);
      return { changed: true, values: { dest: target, checksum, remote_checksum: checksum, md5sum, remote_md5sum: null } };
    };
    return {
      kind: 'action',
      run: async (host) => {
        if (plan.kind !== 'script') throw new Error('fetch plans a script');
        const next = plan.parse(await host.run(plan.script));
        const result = 'kind' in next ? (next.kind === 'action' ? await next.run(host) : { changed: false }) : next;
        if (result.failed !== true) return result;
        // Its words, which say `ignored` also where it fails (plugins/action/fetch.py).
        const ignored = ', not transferring, ignored';
        const isFolder = /^Source is a directory/.test(result.msg ?? '');
        const msg = /^File not found/.test(result.msg ?? '') ? `the remote file does not exist${ignored}` : isFolder ? `remote file is a directory, fetch cannot work on directories${params.fail_on_missing ? '' : ignored}` : result.msg;
        return { changed: false, ...(params.fail_on_missing ? { failed: true } : {}), ...(msg === undefined ? {} : { msg }), values: params.fail_on_missing || isFolder ? {} : { file: src } };
      },
    };
  },
};
