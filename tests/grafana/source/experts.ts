// Which experts the rows go to, and what that costs.
import { TableCellDisplayMode } from '@grafana/schema';
import { dashboard, layer } from './board.js';
import { bars, cells, column, lines, matrix, number } from './panels.js';
import { named, now, of, over, rate, sum } from './queries.js';

const expertRows = 'llama4_expert_rows_total';
const rowsOfExpert = (range: string, ...labels: string[]) => `sum by (layer, expert) (rate(${of(expertRows, ...labels)}[${range}]))`;

/** Rows of each expert over the mean of its layer: 1 is balanced. A layer without a row in the range has no cells. */
const load = (range: string, ...labels: string[]) =>
  `${rowsOfExpert(range, ...labels)} / on (layer) group_left () (avg by (layer) (${rowsOfExpert(range, ...labels)}) > 0)`;

/** Labels are text; as numbers they sort as a reader expects. The second sorting keeps the order of the first within a layer. */
const asMatrix = [
  {
    id: 'convertFieldType',
    options: { conversions: ['layer', 'expert'].map(targetField => ({ targetField, destinationType: 'number' })) },
  },
  { id: 'sortBy', options: { sort: [{ field: 'expert' }] } },
  { id: 'sortBy', options: { sort: [{ field: 'layer' }] } },
  { id: 'groupingToMatrix', options: { rowField: 'layer', columnField: 'expert', valueField: 'Value', emptyValue: 'null' } },
];

export const experts = dashboard({
  uid: 'llama4-experts',
  title: 'Llama4 / Experts',
  description: 'Load of the routed experts by layer, its imbalance, and where the rows are computed.',
  variables: [layer],
  sections: [
    {
      title: 'All layers',
      pieces: [
        matrix({
          title: 'Heat map: rows of each expert over its layer\'s mean', width: 24, height: 14, unit: 'none', decimals: 1, min: 0, max: 4,
          description: 'A line is a layer, a column an expert, over the time range chosen above. 1 is balanced; 4 and more is red: of the rows this expert gets four times its share, and its owner is what the layer waits for. '
            + 'Such an expert gets a second owner by itself while memory allows.',
          queries: [now(load('$__range'), '', { format: 'table' })],
          transformations: asMatrix,
          columns: [column('layer\\expert', { 'custom.cellOptions': { type: TableCellDisplayMode.Auto }, 'custom.width': 100, decimals: 0 })],
        }),
        number({
          title: 'Worst imbalance', width: 4, height: 8, unit: 'none', decimals: 1, thresholds: [3, 6], description: 'Most loaded expert over the mean of its layer, in the worst layer, over the last minute.',
          queries: [over(`max(${of('llama4_expert_imbalance_ratio')})`, 'worst layer')],
        }),
        number({
          title: 'Expert rows', width: 4, height: 8, unit: 'short', description: 'Rows a second that experts computed, over all layers. One token is one row in each layer with experts.',
          queries: [over(sum(rate(expertRows)), 'rows/s')],
        }),
        lines({
          title: 'Imbalance by layer', width: 16, unit: 'none', decimals: 1, thresholds: [3, 6],
          description: 'Most loaded expert over the mean, last minute. Few rows make it high by chance: look at it under load.',
          queries: [over(`max by (layer) (${of('llama4_expert_imbalance_ratio')})`, 'layer {{layer}}')],
        }),
      ],
    },
    {
      title: 'Layer $layer',
      pieces: [
        cells({
          title: 'Load of each expert over time', width: 24, height: 12, unit: 'none', decimals: 2, min: 0, max: 4,
          description: 'Rows of each expert over the layer\'s mean, as in the heat map, for one layer. A band that stays red is an expert that the traffic really prefers; red spots are chance.',
          queries: [over(load('$__rate_interval', 'layer="$layer"'), 'expert {{expert}}')],
        }),
        bars({
          title: 'Rows by expert', width: 12, unit: 'short', description: 'Rows a second of each expert of this layer, over the time range.',
          queries: [now(`sort_desc(sum by (expert) (rate(${of(expertRows, 'layer="$layer"')}[$__range])))`, 'expert {{expert}}')],
        }),
        lines({
          title: 'Rows by host', width: 12, unit: 'short', stack: true, description: 'Where this layer\'s rows were computed. An expert with two owners has its rows split between them.',
          queries: [over(named(sum(rate(expertRows, 'layer="$layer"'), 'job', 'instance')), '{{host}}')],
        }),
      ],
    },
    {
      title: 'Hosts',
      pieces: [
        lines({
          title: 'Expert rows by host', width: 12, unit: 'short', stack: true, description: 'Rows a second over all layers, by the host that computed them.',
          queries: [over(named(sum(rate(expertRows), 'job', 'instance')), '{{host}}')],
        }),
        lines({
          title: 'Bytes to and from each host', width: 12, unit: 'Bps', description: 'What hosts sent to their peers; a row of Scout is 10 KB each way.',
          queries: [over(sum(rate('llama4_link_bytes_total', 'direction="out"'), 'peer'), 'to {{peer}}')],
        }),
      ],
    },
  ],
});
