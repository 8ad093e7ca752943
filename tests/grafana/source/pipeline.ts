// Where the time of a step goes: attention, experts, wire, waiting.
import { dashboard, replica } from './board.js';
import { bars, buckets, lines, number } from './panels.js';
import { named, now, of, over, quantile, rate, sum } from './queries.js';

const byReplica = 'replica=~"$replica"';
const steps = rate('llama4_steps_total', byReplica);
const times = rate('llama4_step_time_seconds_total');

export const pipeline = dashboard({
  uid: 'llama4-pipeline',
  title: 'Llama4 / Pipeline',
  description: 'Steps of the engines and where their time goes.',
  variables: [replica],
  sections: [
    {
      title: 'A step',
      pieces: [
        number({
          title: 'Steps', width: 4, height: 8, unit: 'ops', description: 'Passes of a micro-batch through all layers, a second.',
          queries: [over(sum(steps), 'steps/s')],
        }),
        number({
          title: 'Step, p50', width: 4, height: 8, unit: 's', description: 'Half of the steps took no longer.',
          queries: [over(quantile(0.5, 'llama4_step_duration_seconds'), 'p50')],
        }),
        number({
          title: 'Rows in a step', width: 4, height: 8, unit: 'short', decimals: 1, description: 'Mean rows of a step: decodes and tokens of prefill chunks. More rows use the weights better.',
          queries: [over(`${sum(rate('llama4_step_rows_sum'))} / ${sum(rate('llama4_step_rows_count'))}`, 'rows')],
        }),
        bars({
          title: 'Where its time goes', width: 12, height: 8, unit: 'percentunit', max: 1,
          description: 'Shares over the time range. wire: rows under way to and from other hosts. wait: behind another micro-batch, or for the slowest owner.',
          queries: [now(`sum by (part) (rate(${of('llama4_step_time_seconds_total')}[$__range])) / on () group_left () sum(rate(${of('llama4_step_time_seconds_total')}[$__range]))`, '{{part}}')],
        }),
        lines({
          title: 'Time in each part', width: 12, height: 10, unit: 's', stack: true,
          description: 'Seconds a second, over all hosts that carry steps. The part that grows with load is what limits.',
          queries: [over(sum(times, 'part'), '{{part}}')],
        }),
        lines({
          title: 'Time of a step by part', width: 12, height: 10, unit: 's', stack: true, description: 'Mean seconds of each part in one step.',
          queries: [over(`${sum(times, 'part')} / on () group_left () ${sum(rate('llama4_steps_total'))}`, '{{part}}')],
        }),
      ],
    },
    {
      title: 'Steps over time',
      pieces: [
        lines({
          title: 'Step duration', width: 12, unit: 's', description: 'From the engine\'s plan of the step to its tokens.',
          queries: [0.5, 0.95, 0.99].map(q => over(quantile(q, 'llama4_step_duration_seconds'), `p${q * 100}`)),
        }),
        buckets({
          title: 'Rows of steps', width: 12, unit: 'none', description: 'How many steps had how many rows. Rows near the scheduler\'s bound: the batch is full.',
          queries: [over(sum(rate('llama4_step_rows_bucket'), 'le'), '{{le}}', { format: 'heatmap' })],
        }),
        lines({
          title: 'Steps by replica', width: 12, unit: 'ops', description: 'Steps a second of each replica.',
          queries: [over(sum(steps, 'replica'), 'replica {{replica}}')],
        }),
        lines({
          title: 'Rows through all layers', width: 12, unit: 'short', description: 'Rows a second of all steps: tokens computed, prefill and decode together.',
          queries: [over(sum(rate('llama4_step_rows_sum')), 'rows/s')],
        }),
      ],
    },
    {
      title: 'Wire',
      pieces: [
        lines({
          title: 'Bytes between hosts', width: 12, unit: 'Bps', description: 'What each host sends to all of its peers.',
          queries: [over(named(sum(rate('llama4_link_bytes_total', 'direction="out"'), 'job', 'instance')), '{{host}}')],
        }),
        lines({
          title: 'Bytes of one call', width: 12, unit: 'bytes', description: 'Mean bytes out of a call to a peer. Small calls are dominated by latency, large ones by bandwidth.',
          queries: [over(`${sum(rate('llama4_link_bytes_total', 'direction="out"'), 'peer')} / ${sum(rate('llama4_link_calls_total'), 'peer')}`, 'to {{peer}}')],
        }),
        lines({
          title: 'Calls by peer', width: 12, unit: 'ops', description: 'Calls a second, by the host that is called. Peers beyond 64 are "other".',
          queries: [over(sum(rate('llama4_link_calls_total'), 'peer'), 'to {{peer}}')],
        }),
        lines({
          title: 'Bytes for one row', width: 12, unit: 'bytes', description: 'Bytes between hosts for each row that went through all layers. It falls as experts move near to their attention.',
          queries: [over(`${sum(rate('llama4_link_bytes_total', 'direction="out"'))} / ${sum(rate('llama4_step_rows_sum'))}`, 'bytes/row')],
        }),
      ],
    },
  ],
});
