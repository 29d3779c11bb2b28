// The report's page: reads its data, draws what the selection shows, and draws again when the selection changes.
import type { PageData } from '../page-data.js';
import { Attempts } from './attempts.js';
import { button, element, section } from './dom.js';
import { count, durationText, timeText } from './format.js';
import { showLines } from './lines.js';
import { matrix } from './matrix.js';
import { View } from './selection.js';
import './style.css';
import { gapTable, handshakeTable, hostTable, pairTable, talkTable, udpTable } from './tables.js';
import { Timeline } from './timeline.js';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
const report = document.getElementById('report') as HTMLElement;

const state = { filter: '', fromBin: data.firstBin, toBin: data.lastBin, showsAddresses: false, theme: 'auto' as 'auto' | 'light' | 'dark' };
const view = () => new View(data, { filter: state.filter, fromBin: state.fromBin, toBin: state.toBin }, state.showsAddresses);

const plural = (number: number, one: string) => `${count(number)} ${one}${number === 1 ? '' : 's'}`;
const span = data.toNs - data.fromNs;
const title = `${plural(data.hosts.length, 'host')}, ${timeText(data.fromNs, data.originSec, 3)} UTC, ${durationText(span)}`;
document.title = `fleet-tap report: ${title}`;

const timeline = new Timeline((fromBin, toBin) => choose({ fromBin, toBin }));
const attempts = new Attempts();
const tiles = element('dl', { class: 'tiles' });
const notice = element('p', { class: 'hint' }, `The filter looks at the flows that the page lists: ${count(data.packetsLeftOut)} packets of ${count(data.flowsLeftOut)} small flows are in none of the numbers while it is on.`);
const live = element('p', { class: 'unseen', role: 'status' });
const part = (id: string) => element('div', { id });
const parts = { matrix: part('matrix'), talks: part('talks'), pairs: part('pairs'), udp: part('udp'), handshakes: part('handshakes'), hosts: part('hosts'), gaps: part('gaps') };

const filter = element('input', { type: 'search', id: 'filter', placeholder: 'web01 :443 tcp', autocomplete: 'off', spellcheck: 'false' });
let typing: ReturnType<typeof setTimeout> | undefined;
filter.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ filter: filter.value }), 200);
});
const range = element('output', { class: 'range' });
const addresses = element('input', { type: 'checkbox', id: 'addresses' });
addresses.addEventListener('change', () => choose({ showsAddresses: addresses.checked }));
const theme = button('Theme: auto', () => {
  state.theme = state.theme === 'auto' ? 'light' : state.theme === 'light' ? 'dark' : 'auto';
  theme.textContent = `Theme: ${state.theme}`;
  document.documentElement.dataset.theme = state.theme;
  draw();
});
const middle = (factor: number, shift: number) => {
  const width = state.toBin - state.fromBin + 1;
  const next = Math.max(1, Math.round(width * factor));
  const from = Math.round(state.fromBin + (width - next) / 2 + shift * width);
  const fromBin = Math.max(data.firstBin, Math.min(from, data.lastBin - next + 1));
  choose({ fromBin, toBin: Math.min(data.lastBin, fromBin + next - 1) });
};

report.replaceChildren(
  element('header', {}, element('h1', {}, 'What the hosts received'), element('p', {}, title, element('br'), element('small', {}, `${data.files.join(', ')} · made ${data.madeAt} by ${data.program}`))),
  element('form', { class: 'bar', role: 'search', 'aria-label': 'Selection' },
    element('label', { for: 'filter' }, 'Filter'), filter,
    element('span', { class: 'group', role: 'group', 'aria-label': 'Time' }, button('−', () => middle(2, 0), { 'aria-label': 'Show more time' }), button('+', () => middle(0.5, 0), { 'aria-label': 'Show less time' }), button('◀', () => middle(1, -0.5), { 'aria-label': 'Earlier' }), button('▶', () => middle(1, 0.5), { 'aria-label': 'Later' })),
    range,
    button('Show all', () => {
      filter.value = '';
      choose({ filter: '', fromBin: data.firstBin, toBin: data.lastBin });
    }),
    element('label', {}, addresses, ' Addresses, not names'),
    theme),
  notice,
  live,
  tiles,
  section('Timeline', `A row a host; the stronger the colour, the more packets in ${durationText(data.binNs)}. Bands: something is or may be missing. Triangles: resets. The slider below chooses the time for the whole page.`, timeline.element),
  section('Who talks to whom', 'Packets from the row to the column. Click a number to look at these two alone, both ways.', parts.matrix),
  section('Connection attempts', 'A refusal is seen where the client is one of the hosts. An attempt without an answer that anybody saw counts as unanswered.', attempts.element, parts.pairs),
  section('Top talkers', `Click a client to see its lines.${data.packetsLeftOut === 0 ? '' : ` ${count(data.flowsLeftOut)} small flows with ${count(data.packetsLeftOut)} packets are counted above, but not listed here.`}`, parts.talks),
  section('UDP', '', parts.udp),
  section('Slowest handshakes', 'Between hosts of the fleet, both sides seen: from the SYN at the server to the SYN-ACK at the client (two clocks) and to the ACK at the server (one clock).', parts.handshakes),
  section('Hosts', '', parts.hosts),
  section('Gaps', '', parts.gaps),
);
(report.querySelector('form') as HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());

function choose(change: Partial<typeof state>): void {
  Object.assign(state, change);
  draw();
}

function draw(): void {
  const now = view();
  const talks = now.talks();
  const pairs = now.pairs();
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const others = (series: 'otherTcp' | 'otherUdp' | 'otherResets') => (now.hasOthers ? sum(data.hosts.map((host) => now.sum(host[series]))) : 0);
  const udp = sum(talks.filter((talk) => talk.protocol === 'udp').map((talk) => talk.toServer + talk.toClient)) + others('otherUdp');
  const packets = sum(talks.filter((talk) => talk.protocol === 'tcp').map((talk) => talk.toServer + talk.toClient)) + others('otherTcp') + udp;
  const values: readonly (readonly [string, string])[] = [
    ['Packets', count(packets)],
    ['Connection attempts', count(sum(pairs.map((pair) => pair.attempts)))],
    ['accepted', count(sum(pairs.map((pair) => pair.accepted)))],
    ['refused', count(sum(pairs.map((pair) => pair.refused)))],
    ['unanswered', count(sum(pairs.map((pair) => pair.unanswered)))],
    ['Resets', count(sum(talks.map((talk) => talk.resets)) + others('otherResets'))],
    ['UDP packets', count(udp)],
    ['Gaps', `${count(data.gaps.length + data.gapsLeftOut)}`],
  ];
  tiles.replaceChildren(...values.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', { 'data-tile': name }, value))));
  range.textContent = `${timeText(Math.max(data.fromNs, state.fromBin * data.binNs), data.originSec, 3).slice(11)} – ${timeText(Math.min(data.toNs, (state.toBin + 1) * data.binNs), data.originSec, 3).slice(11)}`;
  notice.hidden = now.hasOthers || data.packetsLeftOut === 0;
  live.textContent = `${count(packets)} packets are in the selection`;
  timeline.show(now);
  attempts.show(now);
  parts.matrix.replaceChildren(matrix(now, (sender, receiver) => {
    filter.value = [sender, receiver].map((name) => `"${name.replaceAll('"', '')}"`).join(' ');
    choose({ filter: filter.value });
    // The button that was pressed is gone: the keyboard goes on from here.
    parts.matrix.querySelector<HTMLElement>('.scroll')?.focus({ preventScroll: true });
  }));
  parts.talks.replaceChildren(talkTable(now, talks.filter((talk) => talk.protocol === 'tcp'), (talk) => showLines(now, talk)));
  parts.udp.replaceChildren(udpTable(now, talks.filter((talk) => talk.protocol === 'udp'), (talk) => showLines(now, talk)));
  parts.pairs.replaceChildren(pairTable(now, pairs));
  parts.handshakes.replaceChildren(handshakeTable(now));
  parts.hosts.replaceChildren(hostTable(now));
  parts.gaps.replaceChildren(gapTable(now));
}

draw();
