// ECharts, only the parts that the page draws with, in the page's own colours.
import { BarChart, CustomChart, HeatmapChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { type ECharts, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { element } from './dom.js';

use([BarChart, CustomChart, HeatmapChart, ScatterChart, AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

export interface Colours {
  readonly text: string;
  readonly line: string;
  readonly heat: readonly string[];
  readonly accepted: string;
  readonly refused: string;
  readonly unanswered: string;
  readonly gap: string;
  readonly reset: string;
  readonly panel: string;
}

/** As the style sheet says for the theme that is on. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return { text: of('text'), line: of('line'), heat: [of('heat-0'), of('heat-1'), of('heat-2'), of('heat-3')], accepted: of('accepted'), refused: of('refused'), unanswered: of('unanswered'), gap: of('gap'), reset: of('reset'), panel: of('panel') };
}

export class Chart {
  readonly box: HTMLElement;
  readonly #echarts: ECharts;

  /** @param summary what it shows, for who cannot see it */
  constructor(parent: HTMLElement, heightPx: number) {
    this.box = element('div', { class: 'chart', role: 'img' });
    this.box.style.height = `${heightPx}px`;
    parent.append(this.box);
    this.#echarts = init(this.box, null, { renderer: 'canvas' });
    new ResizeObserver(() => this.#echarts.resize()).observe(this.box);
  }

  show(option: Parameters<ECharts['setOption']>[0], summary: string): void {
    this.box.setAttribute('aria-label', summary);
    this.#echarts.setOption(option, { notMerge: true });
  }

  on(event: string, handler: (parameters: unknown) => void): void {
    this.#echarts.on(event, handler);
  }

  height(px: number): void {
    this.box.style.height = `${px}px`;
    this.#echarts.resize();
  }

  get zoom(): { readonly start: number; readonly end: number } {
    const option = this.#echarts.getOption() as { dataZoom?: { startValue?: number; endValue?: number }[] };
    const [zoom] = option.dataZoom ?? [];
    return { start: zoom?.startValue ?? 0, end: zoom?.endValue ?? Number.POSITIVE_INFINITY };
  }
}
