// `npm run lab -- up | status | down | clean`: real kernels on this machine, without KVM.
import { Command } from 'commander';
import { clean, down, status, up } from './lab.js';

const program = new Command('lab').description('virtual machines with stock Debian kernels, and build hosts for their kernels');

program
  .command('up')
  .description('build what is missing, boot all machines bare, write inventories/lab.yml')
  .option('--skew <MACHINE=SECONDS...>', 'start a machine with a wrong clock, for example lab-a=+3.7', [])
  .option('--fresh-build-hosts', 'throw away what setup put on the build hosts', false)
  .action(async (options: { skew: string[]; freshBuildHosts: boolean }) => {
    const skewSeconds = new Map(
      options.skew.map((word) => {
        const match = /^([a-z-]+)=([+-]?\d+(?:\.\d+)?)s?$/.exec(word);
        if (match === null) throw new Error(`--skew ${word}: write MACHINE=SECONDS, for example lab-a=+3.7`);
        return [match[1] ?? '', Number(match[2])] as const;
      }),
    );
    await up({ skewSeconds, freshBuildHosts: options.freshBuildHosts, say: (line) => console.error(line) });
  });

program
  .command('status')
  .description('what runs')
  .action(async () => {
    for (const row of await status()) {
      const clock = row.clockAheadSec === undefined ? '' : `clock ${row.clockAheadSec >= 0 ? '+' : ''}${row.clockAheadSec.toFixed(2)} s`;
      console.log([row.name.padEnd(13), row.pid === undefined ? 'down' : `pid ${row.pid}`, row.reachable ? 'reachable' : 'not reachable', row.kernel, clock].join('  '));
    }
  });

program.command('down').description('end everything that up started').action(down);
program.command('clean').description('down, and remove images and trees').action(clean);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
