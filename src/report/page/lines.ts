// The lines behind a row: a dialog with those that the page holds, both directions in the order of time.
import { button, element } from './dom.js';
import { bytesText, count, flagsText, timeText } from './format.js';
import type { Talk, View } from './selection.js';

export function showLines(view: View, talk: Talk): void {
  const { data, selection } = view;
  const fromNs = selection.fromBin * data.binNs;
  const toNs = (selection.toBin + 1) * data.binNs;
  const lines = talk.flows
    .flatMap((flow) => flow.lines.map((line) => ({ flow, line })))
    .filter(({ line: [tNs] }) => view.isWhole || (tNs >= fromNs && tNs < toNs))
    .sort((a, b) => a.line[0] - b.line[0]);
  const packets = talk.toServer + talk.toClient;
  const title = `${talk.protocol.toUpperCase()} ${view.nameOf(talk.client)} → ${view.endText(talk.server, talk.port)}`;
  const rows = lines.map(({ flow, line: [tNs, clientPort, flags, bytes, late] }) => {
    const client = view.endText(flow.client, clientPort);
    const server = view.endText(flow.server, flow.port);
    const [source, destination] = flow.toServer ? [client, server] : [server, client];
    return element('tr', { class: (flags & 4) !== 0 ? 'reset' : undefined },
      element('td', {}, timeText(tNs, data.originSec, 6)), element('td', {}, view.hostAt(flow.host).name), element('td', {}, source), element('td', {}, destination),
      element('td', {}, flow.protocol === 'udp' ? 'UDP' : flagsText(flags)), element('td', { class: 'number' }, bytes < 0 ? '?' : bytesText(bytes)), element('td', {}, late === 1 ? 'late' : ''));
  });
  const heads = ['Time (UTC)', 'Received by', 'Source', 'Destination', 'Flags', 'Bytes', ''].map((head) => element('th', { scope: 'col', class: head === 'Bytes' ? 'number' : undefined }, head));
  const note = rows.length === packets ? `All ${count(packets)} lines.` : `${count(rows.length)} of ${count(packets)} lines: the first, the last and resets. All of them are in the log, by these addresses: ${talk.client} ${talk.server}`;
  const dialog = element('dialog', { 'aria-label': title }, element('header', {}, element('h2', {}, title), button('Close', () => dialog.close())), element('p', { class: 'hint' }, note),
    element('div', { class: 'scroll', tabindex: '0' }, element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows))));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
