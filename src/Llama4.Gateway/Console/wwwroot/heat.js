// The layer x expert map: a canvas that fades from one second to the next, and on it the path of a token.
import { h, prefersReducedMotion } from './dom.js';

const FADE_MS = 450;
const AXIS_X = 26;
const AXIS_Y = 18;
const ROWS_PX = 384; // what all rows together may take before they get thinner
const ROW_MIN = 7;
const ROW_MAX = 22;
const COLUMN_MIN = 3.5;

export class HeatMap {
  /** @param readout element that says the cell under the pointer or the keys */
  constructor(container, readout, scale) {
    this.readout = readout;
    this.scale = scale;
    this.canvas = h('canvas', { tabIndex: 0, role: 'application', 'aria-roledescription': 'heat map', 'aria-label': 'Tokens by layer and expert' });
    container.append(this.canvas);
    this.container = container;
    this.data = { experts: 0, layers: [] };
    this.from = new Float32Array(0);
    this.path = null;
    this.owned = null;
    this.cell = null;
    new ResizeObserver(() => this.layout()).observe(container);
    this.#listen();
  }

  /** @param data {experts, layers: [{layer, tokens}]} */
  show(data) {
    const values = Float32Array.from(data.layers.flatMap(({ tokens }) => Array.from({ length: data.experts }, (_, e) => tokens[e] ?? 0)));
    const isSameShape = this.to?.length === values.length && data.experts === this.data.experts;
    this.from = isSameShape ? this.#current() : new Float32Array(values.length);
    this.maxFrom = isSameShape ? this.max : 0;
    this.to = values;
    this.max = Math.max(1, ...values);
    this.data = data;
    this.start = prefersReducedMotion() ? 0 : performance.now();
    if (!isSameShape) {
      this.cell = null;
      this.layout();
    }
    this.#say();
    this.#run();
  }

  /** Steps [{layer, expert}] to draw a line through, or null. */
  showPath(steps) {
    this.path = steps;
    this.#run();
  }

  /** Marks a layer's cell from elsewhere on the page; null for none. */
  point(step) {
    const r = step ? this.data.layers.findIndex(({ layer }) => layer === step.layer) : -1;
    this.#choose(r >= 0 && step.expert < this.data.experts ? { r, e: step.expert } : null);
  }

  /** Groups of experts [{layer, first, count}] to keep bright, or null for all. */
  showOwned(groups) {
    this.owned = groups;
    this.#run();
  }

  /** Colours come from the page's style, which may have changed. */
  recolour() {
    const style = getComputedStyle(this.container);
    const colour = name => style.getPropertyValue(name).trim();
    this.colours = { ramp: [0, 1, 2, 3, 4].map(i => rgb(colour(`--heat-${i}`))), axis: colour('--ink-3'), line: colour('--trace'), halo: colour('--paper'), mark: colour('--ink') };
    this.font = style.getPropertyValue('--sans');
    const swatches = Array.from({ length: 9 }, (_, i) => h('i', { vars: { background: css(mix(this.colours.ramp, i / 8)) } }));
    this.scale.replaceChildren('0', ...swatches, (this.scaleMax = h('b')));
    this.#run();
  }

  layout() {
    const { experts, layers } = this.data;
    if (!experts || !layers.length) return;
    const width = this.container.clientWidth;
    this.column = Math.max(COLUMN_MIN, (width - AXIS_X) / experts);
    this.row = Math.min(ROW_MAX, Math.max(ROW_MIN, Math.floor(ROWS_PX / layers.length)));
    const size = [Math.floor(AXIS_X + this.column * experts), AXIS_Y + this.row * layers.length + 2];
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = size.map(pixels => Math.round(pixels * ratio));
    this.canvas.style.width = `${size[0]}px`;
    this.canvas.style.height = `${size[1]}px`;
    this.#run();
  }

  /** The same numbers as a table, for those who cannot see colours. */
  table() {
    const { experts, layers } = this.data;
    return h('table', {},
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Layer'), Array.from({ length: experts }, (_, e) => h('th', { scope: 'col' }, e)))),
      h('tbody', {}, layers.map(({ layer, tokens }) => h('tr', {}, h('th', { scope: 'row' }, layer), Array.from({ length: experts }, (_, e) => h('td', {}, tokens[e] || '·'))))));
  }

  #current() {
    const t = this.#progress();
    return this.to.map((value, i) => this.from[i] + (value - this.from[i]) * t);
  }

  #progress() {
    const t = this.start ? Math.min(1, (performance.now() - this.start) / FADE_MS) : 1;
    return t * (2 - t);
  }

  #run() {
    if (this.frame || !this.colours) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
      if (this.#progress() < 1) this.#run();
    });
  }

  #draw() {
    const { experts, layers } = this.data;
    const draw = this.canvas.getContext('2d');
    const ratio = devicePixelRatio || 1;
    draw.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!experts || !layers.length) return;
    const values = this.#current();
    const max = this.maxFrom + (this.max - this.maxFrom) * this.#progress() || 1;
    const gap = this.column >= 6 ? 1 : 0.5;
    layers.forEach(({ layer }, r) => {
      for (let e = 0; e < experts; e++) {
        const heat = Math.sqrt(Math.min(1, values[r * experts + e] / max)); // roots: what is little is still seen beside what is most
        draw.globalAlpha = this.owned && !isIn(this.owned, layer, e) ? 0.18 : 1;
        draw.fillStyle = css(mix(this.colours.ramp, heat));
        draw.fillRect(AXIS_X + e * this.column, AXIS_Y + r * this.row, this.column - gap, this.row - 1);
      }
    });
    draw.globalAlpha = 1;
    this.#drawAxes(draw);
    if (this.path) this.#drawPath(draw);
    if (this.cell) this.#drawCell(draw);
    this.scaleMax.textContent = format(this.max);
  }

  #drawAxes(draw) {
    const { experts, layers } = this.data;
    draw.font = `10px ${this.font}`;
    draw.fillStyle = this.colours.axis;
    draw.textBaseline = 'middle';
    draw.textAlign = 'right';
    const rowStep = this.row >= 12 ? 1 : Math.ceil(12 / this.row / 2) * 2;
    layers.forEach(({ layer }, r) => r % rowStep === 0 && draw.fillText(layer, AXIS_X - 6, AXIS_Y + (r + 0.5) * this.row));
    draw.textAlign = 'center';
    const columnStep = [1, 2, 4, 8, 16, 32].find(step => step * this.column >= 18) ?? 32;
    for (let e = 0; e < experts; e += columnStep) draw.fillText(e, AXIS_X + (e + 0.5) * this.column, AXIS_Y / 2);
  }

  #drawPath(draw) {
    const at = new Map(this.data.layers.map(({ layer }, r) => [layer, r]));
    const points = this.path.filter(step => at.has(step.layer) && step.expert < this.data.experts)
      .map(step => [AXIS_X + (step.expert + 0.5) * this.column, AXIS_Y + (at.get(step.layer) + 0.5) * this.row]);
    if (!points.length) return;
    const line = () => {
      draw.beginPath();
      points.forEach(([x, y], i) => (i ? draw.lineTo(x, y) : draw.moveTo(x, y)));
      draw.stroke();
    };
    draw.lineJoin = 'round';
    draw.strokeStyle = this.colours.halo;
    draw.lineWidth = 4;
    line();
    draw.strokeStyle = draw.fillStyle = this.colours.line;
    draw.lineWidth = 1.75;
    line();
    for (const [x, y] of points) {
      draw.beginPath();
      draw.arc(x, y, Math.min(4, this.row / 3), 0, 7);
      draw.fill();
    }
  }

  #drawCell(draw) {
    const { r, e } = this.cell;
    draw.strokeStyle = this.colours.mark;
    draw.lineWidth = 1.5;
    draw.strokeRect(AXIS_X + e * this.column - 0.75, AXIS_Y + r * this.row - 0.75, this.column + 0.5, this.row + 0.5);
  }

  #listen() {
    const point = event => {
      const e = Math.floor((event.offsetX - AXIS_X) / this.column);
      const r = Math.floor((event.offsetY - AXIS_Y) / this.row);
      this.#choose(e >= 0 && e < this.data.experts && r >= 0 && r < this.data.layers.length ? { r, e } : null);
    };
    this.canvas.addEventListener('pointermove', point);
    this.canvas.addEventListener('pointerdown', point);
    this.canvas.addEventListener('pointerleave', () => this.#choose(null));
    this.canvas.addEventListener('focus', () => this.canvas.matches(':focus-visible') && this.#choose(this.cell ?? { r: 0, e: 0 }));
    this.canvas.addEventListener('blur', () => this.#choose(null));
    this.canvas.addEventListener('keydown', event => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e6], End: [0, 1e6] }[event.key];
      if (!step || !this.data.experts) return;
      event.preventDefault();
      const { r, e } = this.cell ?? { r: 0, e: 0 };
      this.#choose({ r: clamp(r + step[0], this.data.layers.length), e: clamp(e + step[1], this.data.experts) });
    });
  }

  #choose(cell) {
    this.cell = cell;
    this.#say();
    this.#run();
  }

  #say() {
    const { layers, experts } = this.data;
    const row = this.cell && layers[this.cell.r];
    if (!row) {
      this.readout.textContent = '';
      return;
    }
    const tokens = row.tokens[this.cell.e] ?? 0;
    const all = row.tokens.reduce((sum, count) => sum + count, 0);
    this.readout.textContent = `Layer ${row.layer}, expert ${this.cell.e}: ${format(tokens)} tokens`
      + (all ? `, ${((100 * tokens) / all).toFixed(1)} % (even ${(100 / experts).toFixed(1)} %)` : '');
  }
}

const clamp = (at, count) => Math.max(0, Math.min(count - 1, at));
const isIn = (groups, layer, e) => groups.some(group => group.layer === layer && e >= group.first && e < group.first + group.count);
const format = count => (count >= 10000 ? `${(count / 1000).toFixed(0)}k` : Math.round(count).toString());
const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

function mix(ramp, t) {
  const at = t * (ramp.length - 1);
  const i = Math.min(ramp.length - 2, Math.floor(at));
  return ramp[i].map((from, channel) => Math.round(from + (ramp[i + 1][channel] - from) * (at - i)));
}
