import type { Figures } from '../network-figures.ts';
import type { HealthParts } from './health-route.ts';
import type { Handler } from './route.ts';

export interface MetricsParts extends Pick<HealthParts, 'health'> {
  readonly figures: Figures;
}

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly value: number;
}

/** `GET /metrics`: what an operator watches, in Prometheus' text format. */
export function createMetricsRoute({ figures, health }: MetricsParts): Handler {
  return (_request, reply) => {
    const { jobs, moves, providers, tokens } = figures.read();
    const slots = providers.classes.reduce((sum, group) => sum + group.slots, 0);
    const metrics: Metric[] = [
      gauge('providers', 'Providers connected.', providers.connected),
      gauge('slots', 'Streams that the providers have room for.', slots),
      gauge('jobs_running', 'Jobs at a provider.', jobs.running),
      gauge('jobs_waiting', 'Jobs in line.', jobs.waiting),
      counter('jobs_finished_total', 'Jobs answered in full.', jobs.finished),
      counter('jobs_failed_total', 'Jobs that failed.', jobs.failed),
      counter('jobs_cancelled_total', 'Jobs whose agent went away.', jobs.cancelled),
      counter('moves_total', 'Jobs that went on at another provider.', moves.total),
      counter('tokens_total', 'Output tokens accepted.', tokens),
      gauge(
        'native_signatures',
        '1 where signatures are checked natively, 0 where slowly.',
        Number(health.nativeSignatures),
      ),
    ];
    reply.send(
      200,
      { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      metrics.map(format).join(''),
    );
  };
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, value };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: 'counter', help, value };
}

function format({ name, type, help, value }: Metric): string {
  return `# HELP afterglow_${name} ${help}\n# TYPE afterglow_${name} ${type}\nafterglow_${name} ${value}\n`;
}
