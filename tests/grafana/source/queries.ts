// Queries of a panel: PromQL, and traces.
import type { DataQuery, DataSourceRef } from '@grafana/schema';

export const prometheus: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
export const tempo: DataSourceRef = { type: 'tempo', uid: '${tempo}' };
export const jaeger: DataSourceRef = { type: 'jaeger', uid: '${jaeger}' };

/** What Grafana's Prometheus data source reads beside DataQuery; @grafana/schema has no type for it. */
export interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: true;
  range?: true;
  exemplar?: true;
}

/** A query over time; legend is Grafana's: {{label}}. */
export function over(expr: string, legend: string, more: Partial<PrometheusQuery> = {}): PrometheusQuery {
  return { refId: '', expr, legendFormat: legend, range: true, ...more };
}

/** The newest value only. */
export function now(expr: string, legend = '', more: Partial<PrometheusQuery> = {}): PrometheusQuery {
  return { refId: '', expr, legendFormat: legend, instant: true, ...more };
}

/** A metric of the chosen clusters: a job is a cluster. */
export function of(metric: string, ...labels: string[]): string {
  return `${metric}{${['job=~"$job"', ...labels].join(', ')}}`;
}

/** A counter as its rate per second. */
export function rate(metric: string, ...labels: string[]): string {
  return `rate(${of(metric, ...labels)}[$__rate_interval])`;
}

export function sum(expr: string, ...by: string[]): string {
  return by.length === 0 ? `sum(${expr})` : `sum by (${by.join(', ')}) (${expr})`;
}

/** The quantile of a histogram over all its series but those of `by`. */
export function quantile(q: number, histogram: string, labels: string[] = [], by: string[] = []): string {
  return `histogram_quantile(${q}, ${sum(rate(`${histogram}_bucket`, ...labels), 'le', ...by)})`;
}

/**
 * What was added within a range, of counters of rare events: they are born with their first event, which increase() does not see.
 * A series that was not there when the range began counts in full.
 */
export function added(metric: string, range: string, ...labels: string[]): string {
  const counter = of(metric, ...labels);
  return `((${counter} unless ${counter} offset ${range}) or increase(${counter}[${range}]))`;
}

/** Series of a process get the name of its host, which is what logs and `llama4 status` say. */
export function named(expr: string): string {
  return `${expr} * on (job, instance) group_left (host) ${of('llama4_host_info')}`;
}

/** Outcomes of requests for which the service is to blame, not the caller (deploy/alerts has the same list). */
export const failures = 'outcome=~"failed|generation_failed|service_unavailable"';
