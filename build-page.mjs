// Bundles the page of `fleet-tap report` to dist/report-page/: its program and its style, one file each (src/report/html.ts puts them into the page).
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
buildSync({
  entryPoints: [join(here, 'src', 'report', 'page', 'main.ts')],
  outdir: join(here, 'dist', 'report-page'),
  bundle: true,
  minify: true,
  target: 'es2022',
  tsconfig: join(here, 'tsconfig.page.json'),
  legalComments: 'external',
  banner: { js: '/* with Apache ECharts, https://echarts.apache.org, Apache License 2.0 */' },
});
