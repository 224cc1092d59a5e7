import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Lending } from '../state/lending.ts';
import { describeCount } from '../words/quantities.ts';

const WINDOW_S = 120;
const SAMPLE_MS = 500;
/** The scale's top where little happens: a trickle shall not look like a flood. */
const LEAST_TOP = 10;

/** Tokens per second over the last two minutes. A picture of what the number beside it says, hence no words of its own. */
export function ThroughputChart({ lending }: { lending: Lending }): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState(false);
  const [empty, setEmpty] = useState(true);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    let end = (): void => {};
    let gone = false;
    // Loaded apart: a page without its chart still lends, and uPlot throws on a language that it does not know.
    void import('uplot').then(
      (module) => {
        const read = (): number => lending.status.value?.tokensPerSecond ?? 0;
        if (!gone) end = drawChart(module.default, element, read, setEmpty);
      },
      () => setMissing(true),
    );
    return () => {
      gone = true;
      end();
    };
  }, [lending]);
  return (
    <figure class="chart" data-empty={empty}>
      <figcaption class={missing ? 'card-note' : 'unseen'}>
        {missing
          ? 'The chart can’t be drawn in this browser.'
          : 'Tokens per second over the last two minutes'}
      </figcaption>
      <div class="chart-canvas" ref={holder} aria-hidden="true" />
      {empty && !missing ? (
        <p class="chart-empty">
          <span>No tokens in the last two minutes</span>
        </p>
      ) : null}
    </figure>
  );
}

/** Draws until the returned function is called. */
function drawChart(
  Plot: typeof uPlot,
  element: HTMLElement,
  readRate: () => number,
  tellEmpty: (empty: boolean) => void,
): () => void {
  const times: number[] = [];
  const rates: number[] = [];
  const chart = new Plot(chartOptions(element, Plot.paths.spline?.()), [times, rates], element);
  const sample = (): void => {
    const now = Date.now() / 1000;
    times.push(now);
    rates.push(readRate());
    while ((times[0] ?? now) < now - WINDOW_S - 1) {
      times.shift();
      rates.shift();
    }
    tellEmpty(rates.every((rate) => rate === 0));
    chart.setData([times, rates], false);
    chart.batch(() => {
      chart.setScale('x', { min: now - WINDOW_S, max: now });
      chart.setScale('y', { min: 0, max: Math.max(LEAST_TOP, ...rates) * 1.15 });
    });
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  const resize = new ResizeObserver(() => chart.setSize(sizeOf(element)));
  resize.observe(element);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const repaint = (): void => chart.redraw(true, true);
  scheme.addEventListener('change', repaint);
  return () => {
    clearInterval(timer);
    resize.disconnect();
    scheme.removeEventListener('change', repaint);
    chart.destroy();
  };
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(120, element.clientWidth), height: Math.max(100, element.clientHeight) };
}

function chartOptions(element: HTMLElement, spline: uPlot.Series.PathBuilder | undefined): uPlot.Options {
  // A chart that was just taken off the page draws once more, and has no colours any longer.
  const colour = (name: string): string =>
    getComputedStyle(element).getPropertyValue(name).trim() || 'transparent';
  const font = '12px system-ui, sans-serif';
  return {
    ...sizeOf(element),
    padding: [8, 8, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: true }, y: { auto: false } },
    axes: [
      {
        font,
        stroke: () => colour('--muted'),
        grid: { show: false },
        ticks: { show: false },
        space: 80,
        size: 26,
        values: (plot, splits) => splits.map((at) => agoWords((plot.scales['x']?.max ?? at) - at)),
        splits: (plot) => {
          const end = plot.scales['x']?.max ?? 0;
          return [end - 90, end - 60, end - 30];
        },
      },
      {
        font,
        stroke: () => colour('--muted'),
        grid: { stroke: () => colour('--line'), width: 1 },
        ticks: { show: false },
        space: 44,
        size: 44,
        values: (_, splits) => splits.map((rate) => describeCount(rate)),
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
      },
    ],
    series: [
      {},
      {
        stroke: () => colour('--glow'),
        width: 2,
        points: { show: false },
        fill: (plot) => {
          const { top, height } = plot.bbox;
          const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
          gradient.addColorStop(0, colour('--glow-fill'));
          gradient.addColorStop(1, colour('--glow-fade'));
          return gradient;
        },
        ...(spline ? { paths: spline } : {}),
      },
    ],
  };
}

function agoWords(seconds: number): string {
  return `${Math.round(seconds)} s ago`;
}
