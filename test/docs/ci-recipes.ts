// What comes in: docs/ci.md. What goes out: its recipes as they stand there, for the tests that run them and for those that only read them.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const page = join(resolve(import.meta.dirname, '..', '..'), 'docs', 'ci.md');

/** The first indented block behind a heading of the second level, without its indent. @throws Error when there is none */
async function block(heading: string): Promise<string> {
  const section = (await readFile(page, 'utf8')).split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  const found = /(?:^ {4}.*\n|^\n)*^ {4}.*\n/m.exec(section ?? '')?.[0];
  if (found === undefined) throw new Error(`docs/ci.md has no block under "${heading}"`);
  return `${found.replaceAll(/^ {4}/gm, '').trim()}\n`;
}

export const shellRecipe = () => block('A plain shell');
export const workflow = () => block('GitHub Actions');

export interface WorkflowStep {
  readonly run: string;
  /** Runs whatever came before it. */
  readonly always: boolean;
}

/** The steps of the workflow that are commands. */
export async function workflowSteps(): Promise<readonly WorkflowStep[]> {
  const { jobs } = parse(await workflow()) as { jobs: { traffic: { steps: { run?: string; if?: string }[] } } };
  return jobs.traffic.steps.flatMap(({ run, if: when }) => (run === undefined ? [] : [{ run, always: when === 'always()' }]));
}
