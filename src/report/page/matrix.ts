// Who talks to whom: rows send, columns receive; a cell is a button that looks at these two alone.
import { button, element } from './dom.js';
import { count } from './format.js';
import type { View } from './selection.js';

const MOST = 25;
/** No host and no address has this name. */
const OTHERS = '';

interface Entry {
  readonly sender: string;
  readonly receiver: string;
  /** Within the chosen time, and in the whole log. */
  readonly packets: number;
  readonly whole: number;
}

export function matrix(view: View, onChoose: (sender: string, receiver: string) => void): HTMLElement {
  const entries = entriesOf(view);
  // By the whole log: rows keep their places when the time changes.
  const [senders, receivers] = [largest(entries, ({ sender }) => sender), largest(entries, ({ receiver }) => receiver)];
  const cells = new Map<string, number>();
  const keyOf = (sender: string, receiver: string) => `${sender}\n${receiver}`;
  const packetsOf = (sender: string, receiver: string) => cells.get(keyOf(sender, receiver)) ?? 0;
  for (const { sender, receiver, packets } of entries) {
    const key = keyOf(senders.includes(sender) ? sender : OTHERS, receivers.includes(receiver) ? receiver : OTHERS);
    cells.set(key, (cells.get(key) ?? 0) + packets);
  }
  const sides = { rows: [...senders, OTHERS], columns: [...receivers, OTHERS] };
  const rows = sides.rows.filter((sender) => sides.columns.some((receiver) => packetsOf(sender, receiver) > 0));
  const columns = sides.columns.filter((receiver) => rows.some((sender) => packetsOf(sender, receiver) > 0));
  if (rows.length === 0) return element('p', { class: 'empty' }, 'No packets are in this selection.');
  const most = Math.max(1, ...cells.values());
  const label = (name: string) => (name === OTHERS ? 'others' : name);
  const head = element('tr', {}, element('th', { scope: 'col', class: 'corner' }, 'from ↓  to →'), ...columns.map((column) => element('th', { scope: 'col' }, element('span', {}, label(column)))));
  const body = rows.map((sender) =>
    element('tr', {}, element('th', { scope: 'row' }, label(sender)), ...columns.map((receiver) => {
      const packets = packetsOf(sender, receiver);
      if (packets === 0) return element('td', { class: 'none' }, element('span', { class: 'unseen' }, '0'));
      const cell = element('td', {}, sender === OTHERS || receiver === OTHERS ? count(packets) : button(count(packets), () => onChoose(sender, receiver), { title: `${sender} → ${receiver}: ${count(packets)} packets` }));
      cell.style.setProperty('--share', String(Math.log10(packets + 1) / Math.log10(most + 1)));
      return cell;
    })),
  );
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Packets by sender and receiving host' }, element('table', { class: 'matrix' }, element('caption', { class: 'unseen' }, 'Packets by sender (rows) and receiving host (columns)'), element('thead', {}, head), element('tbody', {}, ...body)));
}

/** All of the log; with a filter, the flows that it finds. */
function entriesOf(view: View): Entry[] {
  if (!view.hasOthers) return view.flows().map((flow) => ({ sender: view.nameOf(flow.toServer ? flow.client : flow.server), receiver: view.hostAt(flow.host).name, packets: view.isWhole ? flow.packets : view.sum(flow.series), whole: flow.packets }));
  return view.data.cells.map(({ source, host, packets, series }) => ({ sender: source === '' ? OTHERS : view.nameOf(source), receiver: host < 0 ? OTHERS : view.hostAt(host).name, packets: view.isWhole ? packets : view.sum(series), whole: packets }));
}

function largest(entries: readonly Entry[], nameOf: (entry: Entry) => string): string[] {
  const sums = new Map<string, number>();
  for (const entry of entries) sums.set(nameOf(entry), (sums.get(nameOf(entry)) ?? 0) + entry.whole);
  sums.delete(OTHERS);
  return [...sums].sort(([, a], [, b]) => b - a).slice(0, MOST).map(([name]) => name);
}
