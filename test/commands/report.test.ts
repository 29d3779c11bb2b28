// The report, looked at in a real browser: its numbers against an independent count of the same log, and what an attacker put into it.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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

it('refuses recordings and logs together, and what cannot be read or written, without a page', async () => {
  const person = await newPerson();
  const log = join(person.folder, 'a.log');
  await writeFile(log, '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\n');
  const output = join(person.folder, 'r.html');
  await expect(report({ files: [log, person.folder], output, open: false }, person.context)).rejects.toMatchObject({ code: 'files-mixed', kind: 'input' });
  await expect(report({ files: [join(person.folder, 'none')], output, open: false }, person.context)).rejects.toMatchObject({ code: 'log-unreadable' });
  await expect(report({ files: [log], output: join(person.folder, 'no', 'r.html'), open: false }, person.context)).rejects.toMatchObject({ code: 'output-unwritable', kind: 'input' });
  expect(existsSync(output)).toBe(false);
  expect(await report({ files: [log], output, open: false }, person.context)).toBe(0);
  expect(await readFile(output, 'utf8')).not.toMatch(/https?:\/\/(?!echarts\.apache\.org|www\.w3\.org)[a-z]/);
});
