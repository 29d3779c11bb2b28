// The page's tables: which columns, how they are shown.
import type { GapData, HandshakeData, HostData } from '../page-data.js';
import { button, element } from './dom.js';
import { bytesText, count, durationText, timeText } from './format.js';
import type { Talk, View } from './selection.js';
import { type Column, table } from './table.js';

const number = <T>(title: string, value: (row: T) => number): Column<T> => ({ title, value, show: (row) => count(value(row)) });

export function talkTable(view: View, talks: readonly Talk[], onLines: (talk: Talk) => void): HTMLElement {
  return table('Top TCP talkers', [...ends(view, onLines), ...amounts(), number<Talk>('Resets', (talk) => talk.resets), first(view)], talks, 'No TCP packets are in this selection.');
}

export function udpTable(view: View, talks: readonly Talk[], onLines: (talk: Talk) => void): HTMLElement {
  return table('UDP talkers', [...ends(view, onLines), ...amounts(), first(view)], talks, 'No UDP packets are in this selection.');
}

function ends(view: View, onLines: (talk: Talk) => void): Column<Talk>[] {
  return [
    { title: 'Client', value: (talk) => view.nameOf(talk.client), tip: (talk) => talk.client, show: (talk) => button(view.nameOf(talk.client), () => onLines(talk), { class: 'link', 'aria-label': `Lines of ${view.nameOf(talk.client)} to ${view.endText(talk.server, talk.port)}` }) },
    { title: 'Server', value: (talk) => view.endText(talk.server, talk.port), tip: (talk) => talk.server },
  ];
}

function amounts(): Column<Talk>[] {
  return [number('Packets →', (talk) => talk.toServer), number('Packets ←', (talk) => talk.toClient), { title: 'Bytes', value: (talk) => talk.bytes ?? -1, show: (talk) => bytesText(talk.bytes) }];
}

function first(view: View): Column<Talk> {
  return { title: 'First (UTC)', value: (talk) => talk.firstNs, show: (talk) => timeText(talk.firstNs, view.data.originSec, 6) };
}

type Pair = ReturnType<View['pairs']>[number];

export function pairTable(view: View, pairs: readonly Pair[]): HTMLElement {
  const columns: Column<Pair>[] = [
    { title: 'Client', value: (pair) => view.nameOf(pair.client) || 'others', tip: (pair) => pair.client },
    { title: 'Server', value: (pair) => (pair.client === '' ? 'others' : view.endText(pair.server, pair.port)), tip: (pair) => pair.server },
    number('Attempts', (pair) => pair.attempts),
    number('Accepted', (pair) => pair.accepted),
    number('Refused', (pair) => pair.refused),
    number('Unanswered', (pair) => pair.unanswered),
    number('SYN again', (pair) => pair.retransmitted),
  ];
  const shown = table('Connection attempts', columns, pairs, 'No connection attempts are in this selection.');
  if (view.data.pairsSummed > 0) shown.append(element('p', { class: 'hint' }, `${count(view.data.pairsSummed)} pairs with fewer attempts are one row: others.`));
  return shown;
}

export function handshakeTable(view: View): HTMLElement {
  const { data, selection, isWhole } = view;
  const rows = data.handshakes.filter((one) => view.fits(one) && (isWhole || (one.synNs >= selection.fromBin * data.binNs && one.synNs < (selection.toBin + 1) * data.binNs)));
  const columns: Column<HandshakeData>[] = [
    { title: 'Client', value: (one) => view.endText(one.client, one.clientPort), tip: (one) => one.client },
    { title: 'Server', value: (one) => view.endText(one.server, one.port), tip: (one) => one.server },
    { title: 'SYN → SYN-ACK', value: (one) => one.answerNs, show: (one) => `${durationText(one.answerNs)}${one.errorNs === null ? '' : ` ± ${durationText(one.errorNs)}`}` },
    { title: 'SYN → ACK', value: (one) => one.wholeNs ?? -1, show: (one) => (one.wholeNs === null ? 'not seen' : durationText(one.wholeNs)) },
    number('SYN again', (one) => one.retransmissions),
    { title: 'SYN at (UTC)', value: (one) => one.synNs, show: (one) => timeText(one.synNs, data.originSec, 6) },
  ];
  return table('Slowest handshakes', columns, rows, 'No handshake of which both sides were seen is in this selection.');
}

export function hostTable(view: View): HTMLElement {
  const { data } = view;
  const lost = new Map<HostData, { known: number; isKnown: boolean; reasons: Set<string> }>();
  for (const gap of data.gaps) {
    const host = view.hostAt(gap.host);
    const sums = lost.get(host) ?? { known: 0, isKnown: true, reasons: new Set<string>() };
    sums.known += gap.lines ?? 0;
    if (gap.lines === null) sums.isKnown = false;
    sums.reasons.add(gap.reason);
    lost.set(host, sums);
  }
  const columns: Column<HostData>[] = [
    { title: 'Host', value: (host) => host.name },
    { title: 'Kernel', value: (host) => host.kernel ?? '', show: (host) => host.kernel ?? 'not in this log' },
    { title: 'Distribution', value: (host) => host.distribution ?? '', show: (host) => host.distribution ?? 'not in this log' },
    number('Packets', (host) => host.packets),
    number('UDP', (host) => host.udp),
    number('Resets', (host) => host.resets),
    number('Late', (host) => host.late),
    {
      title: 'Missing',
      value: (host) => lost.get(host)?.known ?? 0,
      show: (host) => {
        const sums = lost.get(host);
        if (sums === undefined) return '0';
        return `${sums.isKnown ? count(sums.known) : sums.known === 0 ? 'unknown' : `${count(sums.known)} or more`} (${[...sums.reasons].join(', ')})`;
      },
    },
    { title: 'Clock ahead', value: (host) => host.clockOffsetNs ?? 0, show: (host) => (host.clockOffsetNs === null ? 'not in this log' : `${durationText(host.clockOffsetNs)}${host.clockErrorNs === null ? '' : ` ± ${durationText(host.clockErrorNs)}`}`) },
  ];
  return table('Hosts', columns, data.hosts, 'There are no hosts.');
}

export function gapTable(view: View): HTMLElement {
  const { data } = view;
  const columns: Column<GapData>[] = [
    { title: 'Host', value: (gap) => view.hostAt(gap.host).name },
    { title: 'From (UTC)', value: (gap) => gap.fromNs, show: (gap) => timeText(gap.fromNs, data.originSec, 6) },
    { title: 'To', value: (gap) => gap.toNs ?? Number.POSITIVE_INFINITY, show: (gap) => (gap.toNs === null ? 'the end' : timeText(gap.toNs, data.originSec, 6)) },
    { title: 'Why', value: (gap) => gap.reason },
    { title: 'Lines', value: (gap) => gap.lines ?? -1, show: (gap) => (gap.lines === null ? 'unknown' : count(gap.lines)) },
    { title: 'Detail', value: (gap) => gap.detail },
  ];
  const shown = table('Gaps', columns, data.gaps, 'Nothing is missing.');
  if (data.gapsLeftOut > 0) shown.append(element('p', { class: 'hint' }, `${count(data.gapsLeftOut)} more gaps are left out.`));
  return shown;
}
