// From a dot on a latency panel to the trace of that request, down to the token.
import type { DataQuery, DataSourceRef, Panel } from '@grafana/schema';
import { dashboard, dataSourceOf, text } from './board.js';
import { buckets, lines, type Piece } from './panels.js';
import { jaeger, over, quantile, rate, sum, tempo } from './queries.js';

/** Grafana's Tempo data source; TraceQL, or the id of a trace as the whole query. */
interface TempoQuery extends DataQuery {
  queryType: 'traceql';
  query: string;
  limit?: number;
  tableType?: 'traces' | 'spans';
}

/** Grafana's Jaeger data source: a trace's id in `query`, or a search. */
interface JaegerQuery extends DataQuery {
  queryType?: 'search';
  query?: string;
  service?: string;
  minDuration?: string;
  limit?: number;
}

function traces(type: 'table' | 'traces', title: string, description: string, source: DataSourceRef, target: TempoQuery | JaegerQuery, height: number): Piece {
  const link = { title: 'This trace', url: '/d/llama4-request?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${tempo:queryparam}&${jaeger:queryparam}&var-trace=${__value.raw}' };
  const panel: Panel = {
    type,
    title,
    description,
    datasource: source,
    targets: [{ ...target }],
    ...(type === 'table' ? { fieldConfig: {
      defaults: {},
      overrides: [{ matcher: { id: 'byRegexp', options: '/trace ?id/i' }, properties: [{ id: 'links', value: [link] }] }],
    } } : {}),
  };
  return { ...panel, width: 24, height } as Piece;
}

const slow = 'Requests that took longer than chosen above. Click one\'s id to see it below. Only sampled requests have traces (OTEL_TRACES_SAMPLER_ARG).';
const one = 'From the gateway through steps, stages, layers and expert calls to the emitted token; names carry the ten numbers of ARCHITECTURE.md. '
  + 'Sampled tokens in full depth show each layer: attention, wire, expert, owner, rows.';
const exemplars = 'Dots are requests that were traced: click one, then "This request".';

export const request = dashboard({
  uid: 'llama4-request',
  title: 'Llama4 / One request',
  description: 'From an exemplar to the trace of its request. Paste a trace id above, click a dot, or choose from the list of slow ones.',
  variables: [dataSourceOf('tempo', 'Tempo'), dataSourceOf('jaeger', 'Jaeger'), text('trace', 'Trace id'), text('slower', 'Slower than', '1s')],
  sections: [
    {
      title: 'Find one',
      pieces: [
        lines({
          title: 'Time to first token', width: 12, unit: 's', description: exemplars,
          queries: [0.5, 0.99].map(q => over(quantile(q, 'gen_ai_server_time_to_first_token_seconds'), `p${q * 100}`, q === 0.99 ? { exemplar: true } : {})),
        }),
        buckets({
          title: 'Request durations', width: 12, unit: 's', description: exemplars,
          queries: [over(sum(rate('gen_ai_server_request_duration_seconds_bucket'), 'le'), '{{le}}', { format: 'heatmap', exemplar: true })],
        }),
      ],
    },
    {
      title: 'Tempo',
      pieces: [
        traces('table', 'Slow requests', slow, tempo,
          { refId: 'A', queryType: 'traceql', query: '{ resource.service.name = "llama4" && span.gen_ai.operation.name != nil && duration > $slower }', limit: 50, tableType: 'traces' }, 9),
        traces('traces', 'Trace $trace', one, tempo, { refId: 'A', queryType: 'traceql', query: '$trace' }, 22),
      ],
    },
    {
      title: 'Jaeger',
      isClosed: true,
      pieces: [
        traces('table', 'Slow requests', slow, jaeger, { refId: 'A', queryType: 'search', service: 'llama4', minDuration: '$slower', limit: 50 }, 9),
        traces('traces', 'Trace $trace', one, jaeger, { refId: 'A', query: '$trace' }, 22),
      ],
    },
  ],
});
