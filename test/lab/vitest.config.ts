import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** The literal way takes 12 minutes: asked for by name only (`npm run test:lab -- --full`). */
const isFull = process.env.FLEET_TAP_LAB_FULL === '1';

/** Each goes on with the machines that the one before has left; the first has no machines. */
const FILES = ['package', 'capture', 'rights', 'faults', 'teardown', ...(isFull ? ['full'] : [])];

class InThisOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification) => FILES.findIndex((name) => file.moduleId.endsWith(`/${name}.lab.ts`));
    return [...files].sort((left, right) => place(left) - place(right));
  }
}

/** Real kernels: one file, one after the other; a boot takes a minute and a setup two. */
export default defineConfig({
  test: {
    include: FILES.map((name) => `test/lab/${name}.lab.ts`),
    fileParallelism: false,
    sequence: { sequencer: InThisOrder },
    testTimeout: 300_000,
    hookTimeout: 900_000,
    bail: 1,
    reporters: ['verbose'],
  },
});
