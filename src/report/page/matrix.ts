// Who talks to whom: rows send, columns receive; a cell is a button that looks at these two alone.
import { button, element } from './dom.js';
import { count } from './format.js';
import type { View } from './selection.js';

const MOST = 25;
const OTHERS = 'others';

export function matrix(view: View, onChoose: (sender: string, receiver: string) => void): HTMLElement {
  const cells = new Map<string, number>();
  const sent = new Map<string, number>();
  const received = new Map<string, number>();
  const add = (sums: Map<string, number>, key: string, packets: number) => void sums.set(key, (sums.get(key) ?? 0) + packets);
  for (const flow of view.flows()) {
    const packets = view.isWhole ? flow.packets : view.sum(flow.series);
    if (packets === 0) continue;
    const sender = view.nameOf(flow.toServer ? flow.client : flow.server);
    const receiver = view.hostAt(flow.host).name;
    add(cells, `${sender}\n${receiver}`, packets);
    add(sent, sender, packets);
    add(received, receiver, packets);
  }
  if (sent.size === 0) return element('p', { class: 'empty' }, 'No packets are in this selection.');
  const largest = (sums: Map<string, number>) => [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const sideOf = (names: readonly string[]): Side => ({ shown: names.slice(0, MOST), rest: new Set(names.slice(MOST)) });
  const senders = sideOf(largest(sent));
  const receivers = sideOf(largest(received));
  const value = (sender: string, receiver: string): number => {
    if (sender !== OTHERS && receiver !== OTHERS) return cells.get(`${sender}\n${receiver}`) ?? 0;
    let sum = 0;
    for (const [key, packets] of cells) {
      const [from = '', to = ''] = key.split('\n');
      if ((sender === OTHERS ? senders.rest.has(from) : from === sender) && (receiver === OTHERS ? receivers.rest.has(to) : to === receiver)) sum += packets;
    }
    return sum;
  };
  const rows = [...senders.shown, ...(senders.rest.size > 0 ? [OTHERS] : [])];
  const columns = [...receivers.shown, ...(receivers.rest.size > 0 ? [OTHERS] : [])];
  const most = Math.max(1, ...cells.values());
  const label = (name: string, side: Side) => (name === OTHERS ? `${count(side.rest.size)} others` : name);
  const head = element('tr', {}, element('th', { scope: 'col', class: 'corner' }, 'from ↓  to →'), ...columns.map((column) => element('th', { scope: 'col' }, element('span', {}, label(column, receivers)))));
  const body = rows.map((sender) =>
    element('tr', {}, element('th', { scope: 'row' }, label(sender, senders)), ...columns.map((receiver) => {
      const packets = value(sender, receiver);
      if (packets === 0) return element('td', { class: 'none' }, element('span', { class: 'unseen' }, '0'));
      const cell = element('td', {}, sender === OTHERS || receiver === OTHERS ? count(packets) : button(count(packets), () => onChoose(sender, receiver), { title: `${sender} → ${receiver}: ${count(packets)} packets` }));
      cell.style.setProperty('--share', String(Math.log10(packets + 1) / Math.log10(most + 1)));
      return cell;
    })),
  );
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Packets by sender and receiving host' }, element('table', { class: 'matrix' }, element('caption', { class: 'unseen' }, 'Packets by sender (rows) and receiving host (columns)'), element('thead', {}, head), element('tbody', {}, ...body)));
}

interface Side {
  readonly shown: readonly string[];
  readonly rest: ReadonlySet<string>;
}
