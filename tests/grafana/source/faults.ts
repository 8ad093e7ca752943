// What failed, who noticed, and what callers felt of it.
import { dashboard } from './board.js';
import { column, lines, number, rows } from './panels.js';
import { added, named, now, of, over, quantile, rate, sum } from './queries.js';

const quantileAdded = (q: number, histogram: string, range: string) => `histogram_quantile(${q}, ${sum(added(`${histogram}_bucket`, range), 'le')})`;

const inRange = (counter: string) => sum(added(counter, '$__range'));

export const faults = dashboard({
  uid: 'llama4-faults',
  title: 'Llama4 / Faults',
  description: 'Hosts, plans, suspicions and failovers. Purple lines are new plans.',
  variables: [],
  from: 'now-6h',
  sections: [
    {
      title: 'In the time range',
      pieces: [
        number({
          title: 'Suspicions', width: 4, unit: 'short', decimals: 0, thresholds: [1, 10], description: 'Hosts whose silence the leader noticed. Every host hears of each, so this is the most that one has heard.',
          queries: [now(`max(increase(${of('llama4_suspicions_total')}[$__range]))`)],
        }),
        number({
          title: 'Answers submitted again', width: 4, unit: 'short', decimals: 0, thresholds: [1, 100], description: 'Their engine was lost; they went on with the same tokens.',
          queries: [now(inRange('llama4_failovers_total'))],
        }),
        number({
          title: 'Longest gaps, p99', width: 4, unit: 's', thresholds: [2, 10], description: 'Between the last token before a failover and the first after.',
          queries: [now(quantileAdded(0.99, 'llama4_failover_gap_seconds', '$__range'))],
        }),
        number({
          title: 'Replayed tokens', width: 4, unit: 'short', decimals: 0, description: 'Tokens that were computed a second time because their keys and values were lost.',
          queries: [now(inRange('llama4_replayed_tokens_total'))],
        }),
        number({
          title: 'New plans', width: 4, unit: 'short', decimals: 0, description: 'How often the plan in force has changed. Joins, drains and hot experts make plans too.',
          queries: [now(`max(changes(${of('llama4_plan_epoch')}[$__range]))`)],
        }),
        number({
          title: 'Standing still, p99', width: 4, unit: 's', thresholds: [0.5, 2], description: 'How long engines stood still for a new plan.',
          queries: [now(quantileAdded(0.99, 'llama4_standstill_seconds', '$__range'))],
        }),
      ],
    },
    {
      title: 'Hosts and plans',
      pieces: [
        lines({
          title: 'Hosts', width: 12, unit: 'short', steps: true, description: 'Hosts that are scraped, processes (gateways too) that say they are not ready, and targets that do not answer.',
          queries: [
            over(`count by (job) (${of('llama4_ready')}) - sum by (job) (${of('llama4_ready')})`, 'not ready, {{job}}'),
            over(`count by (job) (${of('llama4_host_info')})`, 'hosts, {{job}}'),
            over(`count by (job) (${of('up')}) - sum by (job) (${of('up')})`, 'targets that do not answer, {{job}}'),
          ],
        }),
        lines({
          title: 'Plan in force', width: 12, unit: 'none', steps: true, description: 'The epoch that each host serves. Hosts that differ for longer than a moment are cut off, or cannot load their part.',
          queries: [over(named(of('llama4_plan_epoch')), '{{host}}')],
        }),
        lines({
          title: 'Suspicions', width: 12, unit: 'short', description: 'In five minutes. Often, for hosts that live: their CPUs or network are overcommitted.',
          queries: [over(`max by (job) (increase(${of('llama4_suspicions_total')}[5m]))`, '{{job}}')],
        }),
        lines({
          title: 'Standing still for a new plan', width: 12, unit: 's', description: 'Mean time that engines stood still. Seconds tell of long steps in flight.',
          queries: [over(`${sum(added('llama4_standstill_seconds_sum', '5m'))} / ${sum(added('llama4_standstill_seconds_count', '5m'))}`, 'mean')],
        }),
      ],
    },
    {
      title: 'What callers felt',
      pieces: [
        lines({
          title: 'Answers submitted again', width: 12, unit: 'short', description: 'In five minutes, by gateway.',
          queries: [over(sum(added('llama4_failovers_total', '5m'), 'instance'), '{{instance}}')],
        }),
        lines({
          title: 'Gap of a failover', width: 12, unit: 's', description: 'Last token before to first after, over five minutes.',
          queries: [0.5, 0.99].map(q => over(quantileAdded(q, 'llama4_failover_gap_seconds', '5m'), `p${q * 100}`)),
        }),
        lines({
          title: 'Replayed tokens', width: 12, unit: 'short', description: 'Tokens a second that were computed a second time.',
          queries: [over(sum(rate('llama4_replayed_tokens_total')), 'tokens/s')],
        }),
        lines({
          title: 'Longest time between tokens', width: 12, unit: 's', description: 'Of all answers, to the bucket. Failovers show here at once; a plan change should not, for longer than a moment.',
          queries: [over(quantile(1, 'llama4_inter_token_latency_seconds'), 'longest', { exemplar: true })],
        }),
      ],
    },
    {
      title: 'Who is there',
      pieces: [
        rows({
          title: 'Hosts', width: 24, unit: 'string', description: 'Name, roles, zone, and where each is scraped. A name leads to the dashboard of its host.',
          queries: [now(of('llama4_host_info'), '', { format: 'table' })],
          transformations: [{ id: 'filterFieldsByName', options: { include: { names: ['job', 'host', 'roles', 'zone', 'instance'] } } }],
          columns: [column('host', { links: [{ title: 'This host', url: '/d/llama4-host?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&var-host=${__data.fields.instance}' }] })],
        }),
      ],
    },
  ],
});
