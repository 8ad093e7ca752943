// The layer x expert map: a canvas that fades from one second to the next, and on it the path of a token.
import { h, prefersReducedMotion } from './dom.js';
import { AXIS_X, AXIS_Y, coloursOf, format, paint, swatches } from './heat-paint.js';

const FADE_MS = 450;
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
    this.colours = coloursOf(getComputedStyle(this.container));
    this.scale.replaceChildren('0', ...swatches(this.colours), (this.scaleMax = h('b')));
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

  #current() {
    const t = this.#progress();
    return this.to.map((value, i) => this.from[i] + (value - this.from[i]) * t);
  }

  #progress() {
    const t = this.start ? Math.min(1, (performance.now() - this.start) / FADE_MS) : 1;
    return t * (2 - t);
  }

  #run() {
    if (this.frame || !this.colours || !this.to) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const part = this.#progress();
      paint(this.canvas.getContext('2d'), this, this.#current(), this.maxFrom + (this.max - this.maxFrom) * part || 1);
      this.scaleMax.textContent = format(this.max);
      if (this.#progress() < 1) this.#run();
    });
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
