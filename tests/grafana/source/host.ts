// One host: its part of the plan, its device, its links, its runtime.
import { host, dashboard } from './board.js';
import { lines, number, rows } from './panels.js';
import { now, of, over, rate, sum } from './queries.js';

const here = 'instance="$host"';

export const oneHost = dashboard({
  uid: 'llama4-host',
  title: 'Llama4 / One host',
  description: 'What one host does and how it fares. Choose it above.',
  variables: [host],
  sections: [
    {
      title: '$host',
      pieces: [
        rows({
          title: 'This host', width: 12, height: 4, unit: 'string', description: 'Its name, roles and zone.',
          queries: [now(of('llama4_host_info', here), '', { format: 'table' })],
          transformations: [{ id: 'filterFieldsByName', options: { include: { names: ['host', 'roles', 'zone'] } } }],
        }),
        number({
          title: 'Plan epoch', width: 4, unit: 'none', description: 'The plan it serves. Compare with the others on the faults dashboard.',
          queries: [over(of('llama4_plan_epoch', here), 'epoch')],
        }),
        number({
          title: 'Device memory', width: 4, unit: 'percentunit', max: 1, thresholds: [0.9, 0.97], description: 'Weights and KV blocks, of what this host may hold.',
          queries: [over(`${sum(of('llama4_device_memory_used_bytes', here))} / ${sum(of('llama4_device_memory_limit_bytes', here))}`, 'used')],
        }),
        number({
          title: 'GC pauses', width: 4, unit: 'percentunit', decimals: 2, thresholds: [0.02, 0.05], description: 'Share of time in which all threads stood still for the garbage collector.',
          queries: [over(sum(rate('dotnet_gc_pause_time_seconds_total', here)), 'paused')],
        }),
      ],
    },
    {
      title: 'Work',
      pieces: [
        lines({
          title: 'Expert rows by layer', width: 12, unit: 'short', stack: true, description: 'Rows a second that the experts of this host computed. Empty for hosts without experts.',
          queries: [over(sum(rate('llama4_expert_rows_total', here), 'layer'), 'layer {{layer}}')],
        }),
        lines({
          title: 'Time of its steps by part', width: 12, unit: 's', stack: true, description: 'Seconds a second. Empty for hosts that carry no steps.',
          queries: [over(sum(rate('llama4_step_time_seconds_total', here), 'part'), '{{part}}')],
        }),
        lines({
          title: 'Device memory', width: 12, unit: 'bytes', description: 'Weights with standbys, KV blocks, and the limit (--memory).',
          queries: [
            over(sum(of('llama4_device_memory_used_bytes', here), 'use'), '{{use}}'),
            over(sum(of('llama4_device_memory_limit_bytes', here)), 'limit'),
          ],
        }),
        lines({
          title: 'Sequences of its engines', width: 12, unit: 'short', description: 'Running and waiting. Empty for hosts without an engine.',
          queries: [
            over(sum(of('llama4_sequences_running', here), 'replica'), 'running, replica {{replica}}'),
            over(sum(of('llama4_sequences_waiting', here), 'replica'), 'waiting, replica {{replica}}'),
          ],
        }),
      ],
    },
    {
      title: 'Links',
      pieces: [
        lines({
          title: 'Bytes out', width: 8, unit: 'Bps', description: 'To each peer.',
          queries: [over(sum(rate('llama4_link_bytes_total', here, 'direction="out"'), 'peer'), 'to {{peer}}')],
        }),
        lines({
          title: 'Bytes in', width: 8, unit: 'Bps', description: 'From each peer.',
          queries: [over(sum(rate('llama4_link_bytes_total', here, 'direction="in"'), 'peer'), 'from {{peer}}')],
        }),
        lines({
          title: 'Calls', width: 8, unit: 'ops', description: 'To each peer, a second.',
          queries: [over(sum(rate('llama4_link_calls_total', here), 'peer'), 'to {{peer}}')],
        }),
      ],
    },
    {
      title: 'Process',
      pieces: [
        lines({
          title: 'CPU', width: 8, unit: 'short', stack: true, description: 'Cores in use.',
          queries: [over(sum(rate('dotnet_process_cpu_time_seconds_total', here), 'cpu_mode'), '{{cpu_mode}}')],
        }),
        lines({
          title: 'Working set', width: 8, unit: 'bytes', description: 'Memory of the process. Weights that are mapped count when they are touched.',
          queries: [over(of('dotnet_process_memory_working_set_bytes', here), 'working set')],
        }),
        lines({
          title: 'Collections', width: 8, unit: 'ops', description: 'Garbage collections a second by generation. Generation 2 should be rare.',
          queries: [over(sum(rate('dotnet_gc_collections_total', here), 'gc_heap_generation'), '{{gc_heap_generation}}')],
        }),
      ],
    },
  ],
});
