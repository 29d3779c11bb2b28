// The recipes of docs/ci.md are what their readers take them for: GitHub's own parser reads the workflow, the shell reads the commands.
// That they do their work is shown on real machines, by `npm run lab:vagrant`.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { shellRecipe, workflow, workflowSteps } from './ci-recipes.js';

let parser: typeof import('@actions/workflow-parser');
beforeAll(async () => {
  // It imports JSON in a way that Node refuses and bundlers take.
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-workflow-'));
  const outfile = join(folder, 'parser.cjs');
  await build({ entryPoints: ['@actions/workflow-parser'], outfile, bundle: true, format: 'cjs', platform: 'node' });
  parser = await import(outfile);
  return () => rm(folder, { recursive: true });
});

/** What GitHub's parser has against a workflow. */
async function complaints(content: string): Promise<string[]> {
  const { context, value } = parser.parseWorkflow({ name: '.github/workflows/traffic.yml', content }, new parser.NoOperationTraceWriter());
  if (value !== undefined) await parser.convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

it('GitHub’s parser takes the workflow, and would say what is wrong in it', async () => {
  const text = await workflow();
  expect(await complaints(text)).toEqual([]);
  expect(await complaints(text.replace('if: always()', 'iff: always()'))).toEqual([expect.stringMatching(/Unexpected value 'iff'/)]);
  expect(await complaints(text.replace('runs-on: ubuntu-24.04', ''))).toEqual([expect.stringMatching(/Required property is missing: runs-on/)]);
});

it('the shell reads each command', async () => {
  const steps = await workflowSteps();
  expect(steps.length).toBeGreaterThan(4);
  for (const script of [await shellRecipe(), ...steps.map(({ run }) => run)]) execFileSync('bash', ['-n'], { input: script, stdio: ['pipe', 'ignore', 'inherit'] });
});
