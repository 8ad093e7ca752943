// The map's numbers as a table, for those who read no colours. Cells that did not change are left alone.
import { h } from './dom.js';

export class HeatTable {
  constructor(container) {
    this.container = container;
    this.shape = '';
  }

  /** @param data {experts, layers: [{layer, tokens}]} */
  show({ experts, layers }) {
    const shape = `${experts}:${layers.map(row => row.layer)}`;
    if (shape !== this.shape) this.#build(experts, layers);
    this.shape = shape;
    layers.forEach(({ tokens }, r) => {
      for (let e = 0; e < experts; e++) {
        const text = tokens[e] ? String(tokens[e]) : '·';
        if (this.cells[r][e].data !== text) this.cells[r][e].data = text;
      }
    });
  }

  #build(experts, layers) {
    this.cells = layers.map(() => Array.from({ length: experts }, () => document.createTextNode('')));
    this.container.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Layer'), Array.from({ length: experts }, (_, e) => h('th', { scope: 'col' }, e)))),
      h('tbody', {}, layers.map(({ layer }, r) => h('tr', {}, h('th', { scope: 'row' }, layer), this.cells[r].map(cell => h('td', {}, cell)))))));
  }
}
