// What comes in: an inventory file that is not UTF-8. What goes out: its text, if only comments are to blame; Ansible's ini plugin takes it so.
// Guaranteed: no name and no value is guessed: bytes of another encoding anywhere else are an error with file and line.
import { readFile } from 'node:fs/promises';
import { FleetTapError } from '../base/errors.js';

/** @throws FleetTapError kind `input`, code `file-not-text`; what readFile throws */
export async function readIniText(path: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const lines = (await readFile(path)).toString('latin1').split('\n');
  return lines
    .map((line, index) => {
      const bytes = Buffer.from(line, 'latin1');
      try {
        return decoder.decode(bytes);
      } catch (cause) {
        if (/^\s*[#;]/.test(line)) return '#';
        const hint = 'convert the file to UTF-8, for example with `iconv -f LATIN1 -t UTF-8`; only in comments such characters do no harm';
        throw new FleetTapError('input', 'file-not-text', 'this line is not text in UTF-8', { place: { file: path, line: index + 1 }, sourceLine: line.replace(/[^\x20-\x7e\t]/g, '?'), hint, cause });
      }
    })
    .join('\n');
}
