// The cluster as the live feed tells it: gauges, the map of experts, hosts.
import { $, arrange, h } from './dom.js';
import { HeatMap } from './heat.js';
import { HeatTable } from './heat-table.js';

const HISTORY_S = 60;

export class ClusterView {
  constructor() {
    this.heat = new HeatMap($('heat'), $('heat-readout'), $('heat-scale'));
    this.table = new HeatTable($('heat-table'));
    this.history = [];
    this.liveHeat = { experts: 0, layers: [], seconds: 5 };
    this.answer = null;
    this.mode = 'live';
    this.hosts = new Map();
    this.#buildGauges();
    $('heat-live').addEventListener('click', () => this.showMode('live'));
    $('heat-answer').addEventListener('click', () => this.showMode('answer'));
    $('heat-table-toggle').addEventListener('click', () => {
      $('heat-table').hidden = !$('heat-table').hidden;
      $('heat-table-toggle').setAttribute('aria-expanded', String(!$('heat-table').hidden));
      this.#showTable();
    });
  }

  /** A second of the feed. */
  take(feed) {
    $('offline').hidden = true;
    $('cluster').classList.remove('absent');
    this.#showGauges(feed.engine ?? {});
    this.#showHosts(feed.hosts ?? []);
    if (feed.heat) this.liveHeat = feed.heat;
    $('heat-live').textContent = `Last ${this.liveHeat.seconds ?? 5} s`;
    if (this.mode === 'live') this.#showHeat();
  }

  /** Says that what is shown is old, or that there is nothing to show. */
  offline(message, isAbsent) {
    $('offline').hidden = false;
    $('offline').textContent = message;
    $('cluster').classList.toggle('absent', isAbsent);
    if (isAbsent) this.showMode('answer');
  }

  /** The answer whose tokens "This answer" counts: a TokenTrail or null. */
  showAnswer(tokens) {
    this.answer = tokens;
    if (this.mode === 'answer') this.#showHeat();
  }

  showMode(mode) {
    this.mode = mode;
    $('heat-live').setAttribute('aria-pressed', String(mode === 'live'));
    $('heat-answer').setAttribute('aria-pressed', String(mode === 'answer'));
    this.#showHeat();
  }

  #showHeat() {
    const heat = this.mode === 'live' ? this.liveHeat : this.#answerHeat();
    this.heat.show(heat);
    $('heat').classList.toggle('empty', !heat.layers.length);
    $('heat').dataset.empty = this.mode === 'live' ? 'No experts are heard of yet.' : 'No answer with token paths yet.';
    this.#showTable();
  }

  /** In the live map's shape where there is one, so that the eye finds the same cell at the same place. */
  #answerHeat() {
    const heat = this.answer?.heat(this.liveHeat.experts) ?? { experts: 0, layers: [] };
    if (!heat.layers.length || !this.liveHeat.layers.length) return heat;
    const counts = new Map(heat.layers.map(row => [row.layer, row.tokens]));
    return { ...heat, layers: this.liveHeat.layers.map(({ layer }) => ({ layer, tokens: counts.get(layer) ?? [] })) };
  }

  #showTable() {
    if (!$('heat-table').hidden) this.table.show(this.heat.data);
  }

  #buildGauges() {
    const gauge = (id, label, ...more) => h('div', { class: 'gauge', id: `gauge-${id}` },
      h('span', { class: 'label' }, label), h('output', { class: 'value', id: `value-${id}`, 'aria-label': label }, '–'), ...more);
    const meter = id => h('div', { class: 'meter', id: `meter-${id}`, 'aria-hidden': 'true' }, h('i'));
    this.spark = h('polyline', { points: '' });
    $('gauges').replaceChildren(
      gauge('speed', 'Tokens/s', h('svg', { class: 'spark', viewBox: '0 0 60 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.spark)),
      gauge('prompt', 'Prompt tokens/s', h('span', { class: 'aside', id: 'prompt-cached' })),
      gauge('queue', 'Running', h('span', { class: 'aside', id: 'queue-waiting' })),
      gauge('kv', 'KV blocks', meter('kv'), h('span', { class: 'aside', id: 'kv-blocks' })));
  }

  #showGauges(engine) {
    $('value-speed').textContent = number(engine.tokens_per_second);
    $('value-prompt').textContent = number(engine.prompt_tokens_per_second);
    $('prompt-cached').textContent = engine.cached_tokens_per_second > 0 ? `${number(engine.cached_tokens_per_second)} cached` : '';
    $('value-queue').textContent = engine.running ?? '–';
    $('queue-waiting').textContent = engine.waiting > 0 ? `${engine.waiting} waiting` : 'none waiting';
    $('gauge-queue').classList.toggle('warn', engine.waiting > 0);
    const part = engine.kv_blocks ? engine.kv_blocks_used / engine.kv_blocks : 0;
    $('value-kv').textContent = engine.kv_blocks ? `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %` : '–';
    $('kv-blocks').textContent = engine.kv_blocks ? `${number(engine.kv_blocks_used)} of ${number(engine.kv_blocks)}` : '';
    $('meter-kv').style.setProperty('--part', part);
    $('gauge-kv').classList.toggle('warn', part > 0.9);
    this.history = [...this.history, engine.tokens_per_second ?? 0].slice(-HISTORY_S);
    const top = Math.max(1, ...this.history);
    this.spark.setAttribute('points', this.history.map((value, i) => `${60 - this.history.length + 1 + i},${19 - (18 * value) / top}`).join(' '));
  }

  #showHosts(hosts) {
    const busiest = Math.max(1, ...hosts.map(host => host.rows_per_second ?? 0));
    const kept = new Map(hosts.map(host => [host.name, this.hosts.get(host.name) ?? new HostRow(groups => this.heat.showOwned(groups))]));
    this.hosts = kept;
    for (const host of hosts) kept.get(host.name).show(host, busiest);
    arrange($('hosts'), [...kept.values()].map(row => row.element));
    const suspected = hosts.filter(host => host.suspected).length;
    $('hosts-aside').textContent = `${hosts.length}${suspected ? `, ${suspected} suspected` : ''}`;
  }
}

/** One host. Pointing at it dims the experts that are elsewhere. */
class HostRow {
  constructor(own) {
    this.name = h('strong');
    this.roles = h('span', { class: 'roles' });
    this.place = h('p', { class: 'place' });
    this.memory = h('span', { class: 'aside' });
    this.rows = h('span', { class: 'aside' });
    this.memoryMeter = h('div', { class: 'meter', 'aria-hidden': 'true' }, h('i'));
    this.rowsMeter = h('div', { class: 'meter rows', 'aria-hidden': 'true' }, h('i'));
    this.element = h('li', { class: 'host', tabIndex: 0 },
      h('div', { class: 'host-head' }, this.name, this.roles),
      this.place,
      h('div', { class: 'loads' }, h('div', {}, this.memoryMeter, this.memory), h('div', {}, this.rowsMeter, this.rows)));
    for (const type of ['pointerenter', 'focus']) this.element.addEventListener(type, () => own(this.host.experts?.length ? this.host.experts : null));
    for (const type of ['pointerleave', 'blur']) this.element.addEventListener(type, () => own(null));
  }

  show(host, busiest) {
    this.host = host;
    this.element.classList.toggle('suspected', Boolean(host.suspected));
    this.name.textContent = host.name;
    this.roles.replaceChildren(...(host.suspected ? [h('em', {}, 'suspected')] : []), ...(host.zone ? [h('span', { class: 'zone' }, host.zone)] : []), ...(host.roles ?? []).map(role => h('span', {}, role)));
    this.place.textContent = [host.layers?.length && `attention of layers ${ranges(host.layers)}`, expertsOf(host.experts)].filter(Boolean).join('  ·  ') || 'owns nothing yet';
    this.memory.textContent = `${bytes(host.memory_used_bytes)} of ${bytes(host.memory_bytes)}`;
    this.memoryMeter.style.setProperty('--part', host.memory_bytes ? Math.min(1, host.memory_used_bytes / host.memory_bytes) : 0);
    this.rows.textContent = `${number(host.rows_per_second ?? 0)} rows/s`;
    this.rowsMeter.style.setProperty('--part', (host.rows_per_second ?? 0) / busiest);
  }
}

const number = value => (value === undefined ? '–' : value > 0 && value < 100 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toLocaleString('en'));

/** 0,1,2,5 as "0–2, 5"; 1,3,5,7,9 as "1, 3, … 9". */
function ranges(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const step = sorted[1] - sorted[0];
  if (step > 1 && sorted.length > 3 && sorted.every((at, i) => at === sorted[0] + i * step)) return `${sorted[0]}, ${sorted[1]}, … ${sorted.at(-1)}`;
  const runs = [];
  for (const at of sorted) {
    if (runs.at(-1)?.[1] === at - 1) runs.at(-1)[1] = at;
    else runs.push([at, at]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(', ');
}

function expertsOf(owned) {
  if (!owned?.length) return null;
  const groups = joined(owned);
  const layers = new Set(groups.map(group => group.layer));
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const { first, count: each } = groups[0];
  const isEven = groups.length === layers.size && groups.every(group => group.first === first && group.count === each);
  const which = isEven ? `experts ${each > 1 ? `${first}–${first + each - 1}` : first}` : `${count} experts`;
  return `${which} of layers ${ranges(layers)}`;
}

/** Groups that lie side by side as one. */
function joined(groups) {
  const runs = [];
  for (const group of [...groups].sort((a, b) => a.layer - b.layer || a.first - b.first)) {
    const before = runs.at(-1);
    if (before?.layer === group.layer && before.first + before.count === group.first) before.count += group.count;
    else runs.push({ ...group });
  }
  return runs;
}

function bytes(count) {
  if (!count) return '0';
  const power = Math.min(4, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(2)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
