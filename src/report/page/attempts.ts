// Connection attempts by time: accepted, refused, unanswered.
import type { SeriesData } from '../page-data.js';
import { Chart, colours } from './chart.js';
import { element } from './dom.js';
import { clockText, count, digitsFor, durationText } from './format.js';
import type { View } from './selection.js';

const HEIGHT_PX = 220;
const OUTCOMES = ['accepted', 'refused', 'unanswered'] as const;

export class Attempts {
  readonly element = element('div');
  readonly #chart = new Chart(this.element, HEIGHT_PX);

  show(view: View): void {
    const { data, selection } = view;
    const paint = colours();
    const from = Math.max(data.firstBin, selection.fromBin);
    const bins = Math.max(1, Math.min(data.lastBin, selection.toBin) - from + 1);
    const sums = { attempts: new Array<number>(bins).fill(0), accepted: new Array<number>(bins).fill(0), refused: new Array<number>(bins).fill(0) };
    const add = (into: number[], series: SeriesData): void => {
      for (let index = 0; index < series.length; index += 2) {
        const bin = (series[index] as number) - from;
        if (bin >= 0 && bin < bins) into[bin] = (into[bin] as number) + (series[index + 1] as number);
      }
    };
    for (const pair of view.pairs()) {
      add(sums.attempts, pair.attemptSeries);
      add(sums.accepted, pair.acceptedSeries);
      add(sums.refused, pair.refusedSeries);
    }
    const unanswered = sums.attempts.map((attempts, bin) => Math.max(0, attempts - (sums.accepted[bin] as number) - (sums.refused[bin] as number)));
    const series = { accepted: sums.accepted, refused: sums.refused, unanswered };
    const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
    const labels = Array.from({ length: bins }, (_, index) => clockText((from + index) * data.binNs, data.originSec, digitsFor(data.binNs)));
    this.element.hidden = total(sums.attempts) === 0;
    this.#chart.show(
      {
        animation: false,
        textStyle: { color: paint.text, fontFamily: 'inherit' },
        legend: { top: 0, textStyle: { color: paint.text }, data: [...OUTCOMES] },
        grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
        xAxis: { type: 'category', data: labels, axisLabel: { color: paint.text, hideOverlap: true }, axisLine: { lineStyle: { color: paint.line } }, axisTick: { show: false } },
        yAxis: { type: 'value', minInterval: 1, axisLabel: { color: paint.text }, splitLine: { lineStyle: { color: paint.line } } },
        tooltip: { trigger: 'axis', confine: true, backgroundColor: paint.panel, textStyle: { color: paint.text }, formatter: (parameters: unknown) => tip(parameters, view) },
        // Patterns for who does not see the colours; the words for who sees nothing are ours, and shorter.
        aria: { label: { enabled: false }, decal: { show: true } },
        series: OUTCOMES.map((name) => ({ name, type: 'bar' as const, stack: 'all', data: series[name], itemStyle: { color: paint[name] }, barCategoryGap: '10%' })),
      },
      `Connection attempts by time: ${count(total(sums.accepted))} accepted, ${count(total(sums.refused))} refused, ${count(total(unanswered))} unanswered.`,
    );
  }
}

function tip(parameters: unknown, view: View): HTMLElement {
  const points = parameters as { readonly axisValueLabel: string; readonly seriesName: string; readonly value: number }[];
  return element('div', {}, `${durationText(view.data.binNs)} from ${points[0]?.axisValueLabel ?? ''}`, ...points.map(({ seriesName, value }) => element('div', {}, `${count(value)} ${seriesName}`)));
}
