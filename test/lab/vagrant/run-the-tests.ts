// What stands for a project's own tests in the recipes of docs/ci.md: its machines talk. Writes who they are into the file that is named.
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { VAGRANT_MACHINES } from './machines.js';
import { talk } from './talk.js';

const [file = 'speakers.json'] = process.argv.slice(2);
await writeFile(file, JSON.stringify(await talk(VAGRANT_MACHINES.map(({ name }) => name))));
// The last segments are on their way.
await sleep(3_000);
