// The report as a sink: what goes into the log is counted for the page, and the page is written at the end.
// Guaranteed: the page takes its name when it is whole; a full disk costs the page, not the log.
import { rename, rm, writeFile } from 'node:fs/promises';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { reportHtml } from '../report/html.js';
import { type HostAbout, Summary } from '../report/summary.js';
import type { Sink } from '../sinks/sink.js';
import { version } from './version.js';

export class ReportSink implements Sink {
  readonly name: string;
  written = 0;
  missed = 0;
  failure: FleetTapError | undefined;
  readonly abandoned = false;
  readonly #summary = new Summary();
  readonly #files: readonly string[];
  readonly #originSec: number;

  /** @param files what the page says it was made of @param originSec seconds since 1970 that time 0 stands for */
  constructor(name: string, files: readonly string[], originSec: number) {
    this.name = name;
    this.#files = files;
    this.#originSec = originSec;
  }

  addHost(name: string, about: HostAbout): void {
    this.#summary.addHost(name, about);
  }

  write(rows: MergedRows): undefined {
    for (const record of recordsOf(rows)) this.#summary.add(record);
    this.written += rows.length;
  }

  async close(): Promise<void> {
    try {
      await writeReport(this.name, this.#summary, this.#files, this.#originSec);
    } catch (error) {
      this.failure = error instanceof FleetTapError ? error : new FleetTapError('host', 'output-failed', `${this.name} could not be written: ${fileReason(error, 'its folder is gone')}`, { cause: error });
      this.missed = this.written;
      this.written = 0;
    }
  }
}

/** Writes the page, whole or not at all. */
export async function writeReport(file: string, summary: Summary, files: readonly string[], originSec: number): Promise<void> {
  const html = reportHtml(summary.finish({ program: `fleet-tap ${version}`, madeAt: `${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`, files, originSec }));
  const part = `${file}.part`;
  try {
    await writeFile(part, html, { mode: 0o600 });
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {});
    throw new FleetTapError('input', 'output-failed', `${file} cannot be written: ${fileReason(cause, 'its folder is gone')}`, { hint: 'name another file: -o FILE', cause });
  }
}
