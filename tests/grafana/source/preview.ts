// preview.js DASHBOARD.json PROMETHEUS_URL MINUTES NAME=VALUE...: writes HTML of a dashboard over a real Prometheus to stdout.
// A rough drawing for who has no Grafana at hand: layout, titles and data are the dashboard's, colours and axes are not Grafana's.
import { readFileSync } from 'node:fs';
import type { Dashboard, Panel, RowPanel } from '@grafana/schema';
import type { PrometheusQuery } from './queries.js';

interface Series { name: string; metric: Record<string, string>; points: [number, number][] }

const [file, prometheusUrl, minutes, ...assignments] = process.argv.slice(2);
if (file === undefined || prometheusUrl === undefined || minutes === undefined) {
  console.error('expected: node build/preview.js DASHBOARD.json PROMETHEUS_URL MINUTES NAME=VALUE...');
  process.exit(2);
}
const seconds = 60 * Number(minutes);
const values = new Map<string, string>([
  ['__rate_interval', '15s'], ['__interval', '5s'], ['__range', `${seconds}s`], ['job', '.+'], ['replica', '.+'],
  ...assignments.map(one => one.split('=', 2) as [string, string]),
]);
const put = (text: string) => text.replace(/\$(\w+)/g, (whole, name: string) => values.get(name) ?? whole);
const escape = (text: string) => text.replace(/[&<>]/g, c => `&#${c.charCodeAt(0)};`);
const colours = ['#7eb26d', '#eab839', '#6ed0e0', '#ef843c', '#e24d42', '#1f78c1', '#ba43a9', '#705da0'];

async function ask(query: PrometheusQuery): Promise<Series[]> {
  const end = Date.now() / 1000, step = Math.max(2, seconds / 200);
  const path = query.instant ? 'query?' : `query_range?start=${end - seconds}&end=${end}&step=${step}&`;
  const response = await fetch(`${prometheusUrl}/api/v1/${path}query=${encodeURIComponent(put(query.expr))}`);
  const answer = await response.json() as { status: string; error?: string; data: { result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[] } };
  if (answer.status !== 'success') throw new Error(`${query.expr}: ${answer.error}`);
  return answer.data.result.map(({ metric, value, values: many }) => ({
    metric,
    name: query.legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    points: (many ?? [value!]).map(([time, number]): [number, number] => [time, Number(number)]).filter(([, number]) => Number.isFinite(number)),
  })).filter(series => series.points.length > 0);
}

function show(value: number, unit = ''): string {
  if (unit === 'percentunit') return `${(100 * value).toPrecision(3)}%`;
  if (unit === 's') return value < 1 ? `${(1000 * value).toPrecision(3)} ms` : `${value.toPrecision(3)} s`;
  const big = Math.abs(value) >= 1e9 ? [1e9, 'G'] as const : Math.abs(value) >= 1e6 ? [1e6, 'M'] as const : Math.abs(value) >= 1e4 ? [1e3, 'k'] as const : [1, ''] as const;
  const number = (value / big[0]).toPrecision(3);
  return `${number.includes('.') && !number.includes('e') ? number.replace(/\.?0+$/, '') : number}${big[1]}${{ bytes: 'B', Bps: 'B/s', reqps: ' req/s', ops: '/s' }[unit] ?? ''}`;
}

const heat = (part: number) => `hsl(${55 - 55 * Math.min(1, part)} ${60 + 35 * Math.min(1, part)}% ${88 - 40 * Math.min(1, part)}%)`;
const last = (series: Series) => series.points[series.points.length - 1]![1];

function drawLines(all: Series[], unit: string | undefined): string {
  const end = Math.max(...all.flatMap(one => one.points.map(([t]) => t)));
  const top = Math.max(1e-12, ...all.flatMap(one => one.points.map(([, v]) => v)));
  const path = (one: Series) => one.points.map(([t, v], i) => `${i ? 'L' : 'M'}${(1000 - 1000 * (end - t) / seconds).toFixed(1)} ${(196 - 190 * v / top).toFixed(1)}`).join('');
  const legend = all.slice(0, 8).map((one, i) => `<i style="color:${colours[i % 8]}">■</i> ${escape(one.name)} <b>${show(last(one), unit)}</b>`).join(' &nbsp; ');
  return `<small>${show(top, unit)}</small><svg viewBox="0 0 1000 200" preserveAspectRatio="none">${all.map((one, i) =>
    `<path d="${path(one)}" stroke="${colours[i % 8]}" fill="none" stroke-width="2" vector-effect="non-scaling-stroke"/>`).join('')}</svg><p>${legend}</p>`;
}

/** Rows of cells over time; of a histogram each bucket without those below it. */
function drawCells(all: Series[], isHistogram: boolean, max: number | null | undefined): string {
  const rows = isHistogram ? [...all].sort((a, b) => Number(b.metric.le) - Number(a.metric.le)) : all;
  const own = rows.map((row, i) => row.points.map(([t, v]): [number, number] => [t, isHistogram ? Math.max(0, v - (rows[i + 1]?.points.find(([at]) => at === t)?.[1] ?? 0)) : v]));
  const end = Math.max(...own.flat().map(([t]) => t)), step = Math.max(2, seconds / 200), top = max ?? Math.max(1e-12, ...own.flat().map(([, v]) => v));
  const cells = own.flatMap((row, i) => row.filter(([, v]) => v > 0).map(([t, v]) =>
    `<rect x="${1000 - 1000 * (end - t + step) / seconds}" y="${200 * i / own.length}" width="${1000 * step / seconds}" height="${200 / own.length - 1}" fill="${heat(v / top)}"/>`));
  return `<div class="labelled"><div>${rows.map(row => `<span>${escape(row.name)}</span>`).join('')}</div><svg viewBox="0 0 1000 200" preserveAspectRatio="none">${cells.join('')}</svg></div>`;
}

function drawMatrix(all: Series[], max: number): string {
  const sorted = (label: string) => [...new Set(all.map(one => Number(one.metric[label])))].sort((a, b) => a - b);
  const cell = (layer: number, expert: number) => all.find(one => Number(one.metric.layer) === layer && Number(one.metric.expert) === expert);
  const experts = sorted('expert');
  const line = (layer: number) => `<tr><th>${layer}</th>${experts.map(expert => {
    const found = cell(layer, expert);
    return found ? `<td style="background:${heat(last(found) / max)}">${last(found).toFixed(1)}</td>` : '<td></td>';
  }).join('')}</tr>`;
  return `<table><tr><th>layer\\expert</th>${experts.map(expert => `<th>${expert}</th>`).join('')}</tr>${sorted('layer').map(line).join('')}</table>`;
}

function drawTable(all: Series[]): string {
  const columns = [...new Set(all.flatMap(one => Object.keys(one.metric)))].filter(name => ['job', 'host', 'roles', 'zone', 'instance'].includes(name));
  return `<table><tr>${columns.map(name => `<th>${name}</th>`).join('')}</tr>${all.map(one =>
    `<tr>${columns.map(name => `<td>${escape(one.metric[name] ?? '')}</td>`).join('')}</tr>`).join('')}</table>`;
}

function draw(panel: Panel, all: Series[]): string {
  const { unit, max } = panel.fieldConfig?.defaults ?? {};
  if (all.length === 0) return '<p>no data</p>';
  switch (panel.type) {
    case 'stat': return all.map(one => `<h2>${show(last(one), unit)}</h2>`).join('');
    case 'bargauge': return all.map(one => `<p>${escape(one.name)} <b>${show(last(one), unit)}</b><span class="bar" style="width:${100 * last(one) / (max ?? Math.max(...all.map(last)))}%"></span></p>`).join('');
    case 'heatmap': return drawCells(all, true, null);
    case 'status-history': return drawCells(all, false, max);
    case 'table': return panel.fieldConfig?.defaults.color ? drawMatrix(all, max ?? 1) : drawTable(all);
    default: return drawLines(all, unit);
  }
}

const board = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row';
const boxes = await Promise.all((board.panels ?? []).map(async panel => {
  const { x, y, w, h } = panel.gridPos!;
  const place = `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`;
  if (isRow(panel)) return `<h3 style="${place}">${escape(put(panel.title ?? ''))}</h3>`;
  const isAsked = panel.datasource?.type === 'prometheus';
  const series = isAsked ? (await Promise.all((panel.targets as unknown as PrometheusQuery[]).map(ask))).flat() : [];
  return `<section style="${place}"><h4>${escape(put(panel.title ?? ''))}</h4>${draw(panel, series)}</section>`;
}));
console.log(`<!doctype html><meta charset="utf-8"><title>${escape(board.title ?? '')}</title><style>
body{background:#111217;color:#ccccdc;font:12px sans-serif;margin:8px}main{display:grid;grid-template-columns:repeat(24,1fr);grid-auto-rows:30px;gap:6px}
section{background:#181b1f;border:1px solid #2c3235;padding:6px;overflow:hidden;display:flex;flex-direction:column;min-height:0}h1{font-size:18px}h2{font-size:24px;margin:auto;color:#73bf69}h3,h4,p{margin:2px}
svg{flex:1;width:100%;min-height:0}.labelled{flex:1;display:flex;min-height:0}.labelled>div{display:flex;flex-direction:column;justify-content:space-around;padding-right:4px;font-size:10px}
table{border-collapse:collapse;width:100%;flex:1}td{color:#111;text-align:center}td:not([style]){color:inherit}.bar{display:block;height:12px;background:#5794f2}</style>
<h1>${escape(board.title ?? '')}</h1><main>${boxes.join('')}</main>`);
