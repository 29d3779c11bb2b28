// The timeline: one row a host, one column a bin; how much came, where something is missing, who got resets. Its slider chooses the page's time.
import type { CustomSeriesRenderItemAPI } from 'echarts';
import type { SeriesData } from '../page-data.js';
import { Chart, colours } from './chart.js';
import { element } from './dom.js';
import { clockText, count, digitsFor, durationText } from './format.js';
import type { View } from './selection.js';

const ROW_PX = 22;
const AROUND_PX = 120;
const MOST_ROWS = 40;

export class Timeline {
  readonly element = element('div');
  readonly #chart: Chart;
  #view: View | undefined;

  /** @param onZoom the bins that were chosen, first and last */
  constructor(onZoom: (fromBin: number, toBin: number) => void) {
    this.#chart = new Chart(this.element, AROUND_PX + ROW_PX);
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.#chart.on('datazoom', () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (this.#view === undefined) return;
        const { firstBin } = this.#view.data;
        const { start, end } = this.#chart.zoom;
        onZoom(firstBin + start, firstBin + Math.min(end, this.#view.data.lastBin - firstBin));
      }, 150);
    });
  }

  show(view: View): void {
    this.#view = view;
    const { data, selection } = view;
    const paint = colours();
    const bins = data.lastBin - data.firstBin + 1;
    const digits = digitsFor(data.binNs);
    const labels = Array.from({ length: bins }, (_, index) => clockText((data.firstBin + index) * data.binNs, data.originSec, digits));
    const { packets, resets } = this.#sums(view);
    // With a filter, the rows that it leaves: the keyboard has no other way to a host far below.
    const rows = data.hosts.map((host, index) => ({ name: host.name, index })).filter(({ index }) => view.hasOthers || packets.has(index)).sort((a, b) => b.name.localeCompare(a.name, 'en', { numeric: true }));
    const rowOf = new Map(rows.map(({ index }, row) => [index, row]));
    const heat: [number, number, number, number][] = [];
    let most = 1;
    for (const [host, series] of packets) {
      for (const [bin, packetsInBin] of series) {
        most = Math.max(most, packetsInBin);
        heat.push([bin - data.firstBin, rowOf.get(host) ?? 0, Math.log10(packetsInBin), packetsInBin]);
      }
    }
    const marks = [...resets].flatMap(([host, series]) => [...series].map(([bin, number]) => [bin - data.firstBin, rowOf.get(host) ?? 0, number]));
    const gaps = data.gaps.filter(({ host }) => rowOf.has(host));
    const bands = gaps.map((gap) => {
      const first = Math.max(0, Math.floor(gap.fromNs / data.binNs) - data.firstBin);
      const last = gap.toNs === null ? bins - 1 : Math.floor(gap.toNs / data.binNs) - data.firstBin;
      return [first, Math.max(first, Math.min(bins - 1, last)), rowOf.get(gap.host) ?? 0, gap.lines ?? -1];
    });
    this.#chart.height(AROUND_PX + ROW_PX * Math.min(MOST_ROWS, Math.max(2, rows.length)));
    const total = heat.reduce((sum, [, , , number]) => sum + number, 0);
    this.#chart.show(
      {
        animation: false,
        textStyle: { color: paint.text, fontFamily: 'inherit' },
        grid: { left: 8, right: 16, top: 8, bottom: 72, containLabel: true },
        xAxis: { type: 'category', data: labels, axisLabel: { color: paint.text, hideOverlap: true }, axisLine: { lineStyle: { color: paint.line } }, axisTick: { show: false } },
        yAxis: { type: 'category', data: rows.map(({ name }) => name), axisLabel: { color: paint.text, width: 140, overflow: 'truncate' }, axisLine: { lineStyle: { color: paint.line } }, axisTick: { show: false } },
        dataZoom: [
          { type: 'slider', xAxisIndex: 0, filterMode: 'none', startValue: Math.max(0, selection.fromBin - data.firstBin), endValue: Math.min(bins - 1, selection.toBin - data.firstBin), height: 24, bottom: 12, textStyle: { color: paint.text }, brushSelect: true },
          { type: 'inside', xAxisIndex: 0, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: false },
          ...(rows.length > MOST_ROWS ? [{ type: 'slider' as const, yAxisIndex: 0, filterMode: 'none' as const, right: 2, width: 10, startValue: rows.length - MOST_ROWS, endValue: rows.length - 1 }] : []),
        ],
        visualMap: { show: false, min: 0, max: Math.max(0.5, Math.log10(most)), dimension: 2, seriesIndex: 0, inRange: { color: [...paint.heat] } },
        tooltip: { formatter: (parameters: unknown) => this.#tip(view, labels, rows, parameters), confine: true, backgroundColor: paint.panel, textStyle: { color: paint.text } },
        series: [
          { name: 'packets', type: 'heatmap', data: heat, progressive: 5000, itemStyle: { borderWidth: 0 } },
          {
            name: 'gap',
            type: 'custom',
            data: bands,
            encode: { x: [0, 1], y: 2 },
            renderItem: (_: unknown, api: CustomSeriesRenderItemAPI) => {
              const [left = 0, middle = 0] = api.coord([api.value(0), api.value(2)]);
              const [right = 0] = api.coord([api.value(1), api.value(2)]);
              const [width = 1, height = 1] = (api.size?.([1, 1]) as number[] | undefined) ?? [];
              return { type: 'rect', shape: { x: left - width / 2, y: middle - height / 2 + 2, width: Math.max(3, right - left + width), height: height - 4 }, style: { fill: paint.gap, opacity: 0.55, stroke: paint.gap, lineWidth: 1 } };
            },
          },
          { name: 'resets', type: 'scatter', data: marks, symbol: 'triangle', symbolSize: 8, itemStyle: { color: paint.reset } },
        ],
      },
      `Timeline of ${count(rows.length)} host${rows.length === 1 ? '' : 's'}: ${count(total)} packets, ${count(marks.length)} marks for resets, ${count(gaps.length)} gaps. The tables below hold the same in numbers.`,
    );
  }

  #tip(view: View, labels: readonly string[], rows: readonly { readonly name: string }[], parameters: unknown): HTMLElement {
    const { seriesName, value } = parameters as { seriesName: string; value: number[] };
    const [column = 0, second = 0, third = 0, fourth = 0] = value;
    const span = durationText(view.data.binNs);
    if (seriesName === 'gap') return element('div', {}, element('b', {}, rows[third]?.name ?? ''), `: gap from ${labels[column] ?? ''}, ${fourth < 0 ? 'nobody knows how many lines' : `${count(fourth)} lines`}`);
    const what = seriesName === 'resets' ? `${count(third)} reset${third === 1 ? '' : 's'}` : `${count(fourth)} packets`;
    return element('div', {}, element('b', {}, rows[second]?.name ?? ''), `: ${what} in ${span} from ${labels[column] ?? ''}`);
  }

  #sums(view: View): { packets: Map<number, Map<number, number>>; resets: Map<number, Map<number, number>> } {
    const packets = new Map<number, Map<number, number>>();
    const resets = new Map<number, Map<number, number>>();
    const add = (sums: Map<number, Map<number, number>>, host: number, series: SeriesData): void => {
      const own = sums.get(host) ?? new Map<number, number>();
      sums.set(host, own);
      for (let index = 0; index < series.length; index += 2) own.set(series[index] as number, (own.get(series[index] as number) ?? 0) + (series[index + 1] as number));
    };
    for (const flow of view.flows()) {
      add(packets, flow.host, flow.series);
      add(resets, flow.host, flow.resetSeries);
    }
    if (view.hasOthers) for (const [index, host] of view.data.hosts.entries()) {
      add(packets, index, host.otherTcp);
      add(packets, index, host.otherUdp);
      add(resets, index, host.otherResets);
    }
    return { packets, resets };
  }
}
