// The report, looked at in a real browser: its numbers against an independent count of the same log, and what an attacker put into it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../src/commands/capture.js';
import { report } from '../../src/commands/report.js';
import { ALL_READY, newPerson, type Person, startFleet } from './person.js';

const CHROMIUM = '/usr/bin/chromium';
const skipped = existsSync(CHROMIUM) ? '' : 'skipped: chromium is not installed (apt-get install chromium)';

interface Seen {
  readonly page: Page;
  /** Everything that must not happen: errors, and requests to anywhere. */
  readonly wrong: string[];
}

/** A capture of three simulated hosts: its log, its recording, its page. */
async function captured(person: Person): Promise<{ log: string; recording: string; page: string }> {
  const fleet = await startFleet(person, ALL_READY);
  const [recording, page] = [join(person.folder, 'recording'), join(person.folder, 'live.html')];
  const status = await capture({ inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 3, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, record: recording, report: page }, person.context);
  expect(status, person.stderr()).toBe(0);
  return { log: person.stdout(), recording, page };
}

/** The plainest count there is: by the columns of the text log. */
function counted(log: string): { packets: number; attempts: number; resets: number; udp: number; byHosts: Map<string, number> } {
  const rows = log.split('\n').slice(0, -1).map((line) => line.split(/ +/));
  const byHosts = new Map<string, number>();
  for (const [, host = '', source = ''] of rows) byHosts.set(`${source} ${host}`, (byHosts.get(`${source} ${host}`) ?? 0) + 1);
  const flags = rows.map((row) => row.slice(6).join(''));
  return { packets: rows.length, attempts: flags.filter((text) => text === '000010').length, resets: flags.filter((text) => text[3] === '1').length, udp: flags.filter((text) => text === 'UDP').length, byHosts };
}

const tile = async (page: Page, name: string): Promise<number> => Number(((await page.locator(`[data-tile="${name}"]`).textContent()) ?? '').replaceAll(',', ''));

describe.skipIf(skipped !== '')(`in Chromium ${skipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  async function look(file: string, viewport = { width: 1280, height: 900 }, colorScheme: 'light' | 'dark' = 'light'): Promise<Seen> {
    const page = await browser.newPage({ viewport, colorScheme });
    const wrong: string[] = [];
    page.on('console', (message) => void (['error', 'warning'].includes(message.type()) && wrong.push(message.text())));
    page.on('pageerror', (error) => void wrong.push(error.message));
    page.on('request', (request) => void (request.url() !== pathToFileURL(file).href && !request.url().startsWith('data:') && wrong.push(request.url())));
    await page.goto(pathToFileURL(file).href);
    await page.locator('[data-tile="Packets"]').waitFor();
    return { page, wrong };
  }

  it('shows what a plain count of the log gives: live, of the recording, of the text log', async () => {
    const person = await newPerson();
    const { log, recording, page: live } = await captured(person);
    const text = join(person.folder, 'fleet.log');
    await writeFile(text, log);
    const truth = counted(log);
    expect(truth.packets).toBeGreaterThan(50);
    const pages = [live];
    for (const source of [recording, text]) {
      const output = join(person.folder, `${pages.length}.html`);
      expect(await report({ files: [source], output, open: false }, person.context), person.stderr()).toBe(0);
      pages.push(output);
    }
    for (const file of pages) {
      const { page, wrong } = await look(file);
      expect(await tile(page, 'Packets')).toBe(truth.packets);
      expect(await tile(page, 'Connection attempts')).toBe(truth.attempts);
      expect(await tile(page, 'Resets')).toBe(truth.resets);
      expect(await tile(page, 'UDP packets')).toBe(truth.udp);
      const outcomes = await Promise.all(['accepted', 'refused', 'unanswered'].map((name) => tile(page, name)));
      expect(outcomes.reduce((sum, number) => sum + number, 0)).toBe(truth.attempts);
      // Who talks to whom, by address.
      await page.getByLabel('Addresses, not names').check();
      const heads = await page.locator('#matrix thead th').allTextContents();
      const shown = new Map<string, number>();
      for (const row of await page.locator('#matrix tbody tr').all()) {
        const sender = await row.locator('th').textContent();
        for (const [index, cell] of (await row.locator('td').allTextContents()).entries()) if (cell !== '0') shown.set(`${sender} ${heads[index + 1]}`, Number(cell.replaceAll(',', '')));
      }
      const listed = [...truth.byHosts].filter(([key]) => shown.has(key));
      expect(listed.length).toBeGreaterThan(3);
      for (const [key, packets] of shown) if (!key.includes('others')) expect(packets, key).toBe(truth.byHosts.get(key));
      // A filter in words, a time by the keyboard, and back.
      await page.locator('#filter').focus();
      await page.keyboard.type(':5432');
      await expect.poll(() => tile(page, 'Packets')).toBe(log.split('\n').filter((line) => / 5432 /.test(line)).length);
      await page.getByRole('button', { name: 'Show less time' }).press('Enter');
      expect(await tile(page, 'Packets')).toBeLessThan(truth.packets);
      await page.getByRole('button', { name: 'Show all' }).press('Enter');
      expect(await tile(page, 'Packets')).toBe(truth.packets);
      // The lines behind a row.
      await page.locator('#talks button.link').first().press('Enter');
      const dialog = page.getByRole('dialog');
      expect(await dialog.locator('tbody tr').count()).toBeGreaterThan(0);
      expect(await dialog.locator('.hint').textContent()).toMatch(/^All \d+ lines\.$/);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(wrong).toEqual([]);
      await page.close();
    }
    const { page } = await look(live);
    expect(await page.locator('#hosts tbody').textContent()).toContain('6.12.0-demo-amd64');
    // What a screen reader says: the charts in one sentence each, and no control without a name.
    const names = await page.getByRole('img').evaluateAll((charts) => charts.map((chart) => chart.getAttribute('aria-label')));
    expect(names).toEqual([expect.stringMatching(/^Timeline of 3 hosts: \d+ packets/), expect.stringMatching(/^Connection attempts by time: \d+ accepted, \d+ refused, \d+ unanswered\.$/)]);
    const { nodes } = await (await page.context().newCDPSession(page)).send('Accessibility.getFullAXTree');
    const controls = nodes.filter(({ ignored, role }) => !ignored && ['button', 'checkbox', 'searchbox', 'region', 'table', 'image'].includes(role?.value));
    expect(controls.length).toBeGreaterThan(30);
    expect(controls.filter(({ name }) => name?.value === '').map(({ role }) => role?.value)).toEqual([]);
    await page.close();
  });

  it('more flows than the page lists: all are counted; one host is looked at, not all whose names begin as its name does; the keyboard stays where it was', async () => {
    const person = await newPerson();
    const file = join(person.folder, 'large.log');
    const lines = Array.from({ length: 30_000 }, (_, index) => {
      const [client, server] = [(index % 12) + 1, ((index * 5) % 11) + 20];
      const time = new Date(Date.UTC(2026, 10, 26, 5) + index).toISOString().replace('Z', '000Z');
      return `${time} web${server} 10.0.0.${client} 10.0.0.${server} ${40_000 + (index % 20_000)} ${1 + ((index * 37) % 4999)} ${['0 0 0 0 1 0', '0 1 1 0 0 0', 'UDP'][index % 3]}`;
    });
    // The clients' own addresses.
    for (let client = 1; client <= 12; client += 1) lines.push(`2026-11-26T06:00:00.000000Z web${client} 10.0.0.20 10.0.0.${client} 5000 40000 0 1 0 0 0 0`);
    await writeFile(file, `${lines.join('\n')}\n`);
    const output = join(person.folder, 'large.html');
    expect(await report({ files: [file], output, open: false }, person.context)).toBe(0);
    const { page, wrong } = await look(output);
    expect(await tile(page, 'Packets')).toBe(lines.length);
    expect(await tile(page, 'Connection attempts')).toBe(10_000);
    const truth = lines.filter((line) => / web20 10\.0\.0\.1 /.test(line)).length;
    const cell = page.locator('#matrix button[title^="web1 → web20:"]');
    expect(Number(await cell.textContent())).toBe(truth);
    await page.locator('#talks th button', { hasText: 'First (UTC)' }).press('Enter');
    await cell.press('Enter');
    expect(await page.locator('#filter').inputValue()).toBe('"web1" "web20"');
    expect(await page.locator('#matrix tbody th').allTextContents()).toEqual(['web1']);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Packets by sender and receiving host');
    expect(await page.getByText('small flows are in none of the numbers').isVisible()).toBe(true);
    expect(await page.getByRole('img', { name: /^Timeline of 1 host:/ }).count()).toBe(1);
    expect(await page.locator('#talks th[aria-sort=descending]').textContent()).toBe('First (UTC)');
    await page.getByRole('button', { name: 'Show all' }).press('Enter');
    expect(await page.getByText('small flows are in none of the numbers').isVisible()).toBe(false);
    expect(await page.getByRole('img', { name: /^Timeline of 23 hosts:/ }).count()).toBe(1);
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('what hosts print stays text, on a desktop and on a phone, light and dark', async () => {
    const person = await newPerson();
    const file = join(person.folder, 'evil.jsonl');
    const evil = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>';
    const at = (second: number) => `2026-11-25T10:00:0${second}.000000001Z`;
    const records = [
      { t: at(1), host: evil, epoch: 1, seq: 1, raw: at(1), corr_ns: 5, err_ns: 1000, late: false, proto: 'tcp', src: '10.0.0.1', sport: 1, dst: '10.0.0.2', dport: 443, flags: 'S', bytes: 0 },
      { t: at(2), host: evil, epoch: 1, seq: 2, late: false, type: 'gap', reason: 'kernel-drop', lines: null, text: evil },
      { t: at(3), host: `${'long-'.repeat(40)}name`, epoch: 1, seq: 2, raw: at(3), corr_ns: 5, err_ns: 1000, late: true, proto: 'udp', src: 'fd77::1', sport: 1, dst: 'fd77::2', dport: 53, bytes: 3 },
    ];
    await writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const output = join(person.folder, 'evil.html');
    expect(await report({ files: [file], output, open: false }, person.context)).toBe(0);
    for (const [width, scheme] of [[1280, 'light'], [390, 'dark']] as const) {
      const { page, wrong } = await look(output, { width, height: 800 }, scheme);
      expect(await page.title()).toContain('fleet-tap report');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('#gaps tbody').textContent()).toContain('onerror=alert(1)');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(wrong).toEqual([]);
      await page.close();
    }
  });
});

it('--open: the browser is given the page; where there is none, it says so and names the page', async () => {
  const person = await newPerson();
  const [log, output, seen] = ['a.log', 'a page.html', 'seen'].map((name) => join(person.folder, name)) as [string, string, string];
  await writeFile(log, '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\n');
  const before = process.env.PATH;
  try {
    process.env.PATH = person.folder;
    expect(await report({ files: [log], output, open: true }, person.context)).toBe(0);
    expect(person.stderr()).toContain(`warning: --open: xdg-open cannot be run (spawn xdg-open ENOENT); open ${pathToFileURL(output).href} in a browser\n`);
    await promisify(execFile)('/usr/bin/mkfifo', [seen]);
    await writeFile(join(person.folder, 'xdg-open'), `#!/bin/sh\necho "$1" > '${seen}'\n`, { mode: 0o755 });
    const said = readFile(seen, 'utf8');
    expect(await report({ files: [log], output, open: true }, person.context)).toBe(0);
    expect(await said).toBe(`${pathToFileURL(output).href}\n`);
  } finally {
    process.env.PATH = before;
  }
});

it('refuses recordings and logs together, and what cannot be read or written, without a page', async () => {
  const person = await newPerson();
  const log = join(person.folder, 'a.log');
  await writeFile(log, '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\n');
  const output = join(person.folder, 'r.html');
  await expect(report({ files: [log, person.folder], output, open: false }, person.context)).rejects.toMatchObject({ code: 'files-mixed', kind: 'input' });
  await expect(report({ files: [join(person.folder, 'none')], output, open: false }, person.context)).rejects.toMatchObject({ code: 'log-unreadable' });
  await expect(report({ files: [log], output: join(person.folder, 'no', 'r.html'), open: false }, person.context)).rejects.toMatchObject({ code: 'output-unwritable', kind: 'input' });
  await expect(report({ files: [log], output: person.folder, open: false }, person.context)).rejects.toMatchObject({ code: 'output-unwritable', message: expect.stringContaining('it is a folder') });
  await expect(report({ files: [log], output: '-', open: false }, person.context)).rejects.toMatchObject({ code: 'output-unwritable', message: expect.stringContaining('not to standard output') });
  expect(existsSync(output)).toBe(false);
  expect(await report({ files: [log], output, open: false }, person.context)).toBe(0);
  expect(await readFile(output, 'utf8')).not.toMatch(/https?:\/\/(?!echarts\.apache\.org|www\.w3\.org)[a-z]/);
});
