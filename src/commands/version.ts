import { readFileSync } from 'node:fs';
import { ownFile } from '../base/own-file.js';

/** The package's version, from its package.json. */
export const version = (JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }).version;
