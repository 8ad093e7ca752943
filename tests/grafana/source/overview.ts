// Is the service well: traffic, latency, saturation, errors.
import { replica, dashboard } from './board.js';
import { buckets, lines, number } from './panels.js';
import { added, failures, named, of, over, quantile, rate, sum } from './queries.js';

const requests = 'llama4_requests_total';
const ttft = 'gen_ai_server_time_to_first_token_seconds';
const gap = 'llama4_inter_token_latency_seconds';
const whole = 'gen_ai_server_request_duration_seconds';
const byReplica = 'replica=~"$replica"';

/** Three quantiles, with exemplars on the last: points that open the request's trace. */
const quantiles = (histogram: string) => [0.5, 0.95, 0.99].map(q =>
  over(quantile(q, histogram), `p${q * 100}`, q === 0.99 ? { exemplar: true } : {}));

export const overview = dashboard({
  uid: 'llama4-overview',
  title: 'Llama4 / Overview',
  description: 'Traffic, latency, saturation and errors of one or more clusters.',
  variables: [replica],
  sections: [
    {
      title: 'Now',
      pieces: [
        number({
          title: 'Requests', width: 3, unit: 'reqps', description: 'Requests that ended, a second, whatever their outcome.',
          queries: [over(sum(rate(requests)), 'requests')],
        }),
        number({
          title: 'Failed', width: 3, unit: 'percentunit', decimals: 2, thresholds: [0.001, 0.01],
          description: 'Share of requests that failed by the fault of the service: 500, 503, or broken off. Refusals for a caller\'s mistake or limit do not count.',
          queries: [over(`(${sum(rate(requests, failures))} or vector(0)) / ${sum(rate(requests))}`, 'failed')],
        }),
        number({
          title: 'First token, p95', width: 3, unit: 's', thresholds: [1, 2.5], description: 'Of 100 requests 95 had their first token within this time.',
          queries: [over(quantile(0.95, ttft), 'p95')],
        }),
        number({
          title: 'Between tokens, p95', width: 3, unit: 's', thresholds: [0.1, 0.25], description: 'Of 100 tokens 95 came within this time after the one before.',
          queries: [over(quantile(0.95, gap), 'p95')],
        }),
        number({
          title: 'Tokens made', width: 3, unit: 'short', description: 'Tokens of answers, a second. They are counted when their request ends.',
          queries: [over(sum(rate('llama4_generated_tokens_total')), 'tokens/s')],
        }),
        number({
          title: 'Waiting', width: 3, unit: 'short', thresholds: [8, 64], description: 'Sequences that wait for a place in a batch or for KV blocks.',
          queries: [over(sum(of('llama4_sequences_waiting', byReplica)), 'waiting')],
        }),
        number({
          title: 'KV blocks used', width: 3, unit: 'percentunit', thresholds: [0.8, 0.95], max: 1,
          description: 'Of the fullest replica, by sequences in progress; cached prefixes give way and do not count. When full, younger sequences wait and are computed again.',
          queries: [over(`max(${of('llama4_kv_blocks_used', byReplica)} / ${of('llama4_kv_blocks', byReplica)})`, 'used')],
        }),
        number({
          title: 'Hosts', width: 3, unit: 'short', description: 'Hosts that are up and scraped.',
          queries: [over(`count(${of('llama4_host_info')})`, 'hosts')],
        }),
      ],
    },
    {
      title: 'Traffic',
      pieces: [
        lines({
          title: 'Requests by outcome', width: 12, unit: 'reqps', stack: true,
          description: 'Requests that ended, by finish reason or by the code of their error.',
          queries: [over(sum(rate(requests), 'outcome'), '{{outcome}}')],
        }),
        lines({
          title: 'Tokens', width: 12, unit: 'short',
          description: 'Tokens a second: of prompts, of prompts found in the prefix cache (not computed again), and of answers.',
          queries: [
            over(sum(rate('llama4_prompt_tokens_total')), 'prompt'),
            over(sum(rate('llama4_cached_prompt_tokens_total')), 'prompt, cached'),
            over(sum(rate('llama4_generated_tokens_total')), 'generated'),
          ],
        }),
        lines({
          title: 'Requests by endpoint', width: 12, unit: 'reqps', description: 'Requests that ended, by the endpoint they came to.',
          queries: [over(sum(rate(requests), 'endpoint'), '{{endpoint}}')],
        }),
        lines({
          title: 'Prefix cache', width: 12, unit: 'percentunit', max: 1, description: 'Share of prompt tokens that were found in the prefix cache.',
          queries: [over(`${sum(rate('llama4_cached_prompt_tokens_total'))} / ${sum(rate('llama4_prompt_tokens_total'))}`, 'cached')],
        }),
      ],
    },
    {
      title: 'Latency',
      pieces: [
        lines({
          title: 'Time to first token', width: 12, unit: 's', thresholds: [1, 2.5],
          description: 'From the request\'s arrival to its first token. Dots are single requests that were traced: click one for its trace.',
          queries: quantiles(ttft),
        }),
        lines({
          title: 'Time between tokens', width: 12, unit: 's', thresholds: [0.1, 0.25],
          description: 'From a token to the next of the same answer, as the gateway sees them. A new plan or a failover shows as a long gap.',
          queries: quantiles(gap),
        }),
        lines({
          title: 'Request duration', width: 12, unit: 's', description: 'From arrival to the end of the answer; long answers take long, so look at the first token and the gaps first.',
          queries: quantiles(whole),
        }),
        lines({
          title: 'Time per output token', width: 12, unit: 's', description: 'Of each request: the time after its first token, over the tokens that followed.',
          queries: quantiles('gen_ai_server_time_per_output_token_seconds'),
        }),
        buckets({
          title: 'First tokens, as they fell', width: 24, unit: 's',
          description: 'How many requests had their first token after how long. Two bands tell of two kinds of requests: with the prefix cached and without, for example.',
          queries: [over(sum(rate(`${ttft}_bucket`), 'le'), '{{le}}', { format: 'heatmap', exemplar: true })],
        }),
      ],
    },
    {
      title: 'Saturation',
      pieces: [
        lines({
          title: 'Sequences', width: 12, unit: 'short', description: 'In the engines: running share the steps, waiting have no place yet.',
          queries: [
            over(sum(of('llama4_sequences_running', byReplica), 'replica'), 'running, replica {{replica}}'),
            over(sum(of('llama4_sequences_waiting', byReplica), 'replica'), 'waiting, replica {{replica}}'),
          ],
        }),
        lines({
          title: 'KV blocks', width: 12, unit: 'percentunit', max: 1, thresholds: [0.8, 0.95], description: 'Share of a replica\'s KV blocks that sequences use.',
          queries: [over(`max by (replica) (${of('llama4_kv_blocks_used', byReplica)} / ${of('llama4_kv_blocks', byReplica)})`, 'replica {{replica}}')],
        }),
        lines({
          title: 'Requests in the gateways', width: 12, unit: 'short', description: 'Inside each gateway, from arrival to the end of the answer.',
          queries: [over(sum(of('llama4_requests_running'), 'instance'), '{{instance}}')],
        }),
        lines({
          title: 'Device memory', width: 12, unit: 'percentunit', max: 1, thresholds: [0.9, 0.97], description: 'What weights and KV blocks hold of what each host may hold.',
          queries: [over(named(`(${sum(of('llama4_device_memory_used_bytes'), 'job', 'instance')} / ${sum(of('llama4_device_memory_limit_bytes'), 'job', 'instance')})`), '{{host}}')],
        }),
      ],
    },
    {
      title: 'Errors',
      pieces: [
        lines({
          title: 'Refused and failed', width: 12, unit: 'reqps',
          description: 'Outcomes that are not the end of an answer. rate_limit_exceeded: a limit of a caller or of the gateway. service_unavailable: no plan, no place, or shutting down.',
          queries: [over(sum(rate(requests, 'outcome!~"stop|length|tool_calls|done|tokenized|detokenized|rendered"'), 'outcome'), '{{outcome}}')],
        }),
        lines({
          title: 'Suspicions and failovers', width: 12, unit: 'short', description: 'In the last five minutes: hosts whose silence was noticed, and answers that were submitted again.',
          queries: [
            over(`max(increase(${of('llama4_suspicions_total')}[5m]))`, 'suspicions'),
            over(sum(added('llama4_failovers_total', '5m')), 'failovers'),
          ],
        }),
      ],
    },
  ],
});
