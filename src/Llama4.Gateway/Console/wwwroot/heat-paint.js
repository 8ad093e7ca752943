// Paints the map of experts: cells, axes, the path of a token, the cell that is looked at.
import { h } from './dom.js';

/** Room for the numbers of layers and of experts. */
export const AXIS_X = 26;
export const AXIS_Y = 18;

/** @param map {data, column, row, colours, owned, path, cell}; @param values a row after the other; @param max what the hottest colour stands for */
export function paint(draw, map, values, max) {
  const { experts, layers } = map.data;
  const ratio = devicePixelRatio || 1;
  draw.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw.clearRect(0, 0, draw.canvas.width, draw.canvas.height);
  if (!experts || !layers.length) return;
  const gap = map.column >= 6 ? 1 : 0.5;
  layers.forEach(({ layer }, r) => {
    for (let e = 0; e < experts; e++) {
      const heat = Math.sqrt(Math.min(1, values[r * experts + e] / max)); // roots: what is little is still seen beside what is most
      draw.globalAlpha = map.owned && !isIn(map.owned, layer, e) ? 0.18 : 1;
      draw.fillStyle = css(mix(map.colours.ramp, heat));
      draw.fillRect(AXIS_X + e * map.column, AXIS_Y + r * map.row, map.column - gap, map.row - 1);
    }
  });
  draw.globalAlpha = 1;
  paintAxes(draw, map);
  if (map.path) paintPath(draw, map);
  if (map.cell) paintCell(draw, map);
}

/** The page's colours for the map, out of its style. */
export function coloursOf(style) {
  const colour = name => style.getPropertyValue(name).trim();
  return {
    ramp: [0, 1, 2, 3, 4].map(i => rgb(colour(`--heat-${i}`))),
    axis: colour('--ink-3'), line: colour('--trace'), halo: colour('--paper'), mark: colour('--ink'), font: colour('--sans'),
  };
}

export const swatches = colours => Array.from({ length: 9 }, (_, i) => h('i', { vars: { background: css(mix(colours.ramp, i / 8)) } }));

export const format = count => (count >= 10000 ? `${(count / 1000).toFixed(0)}k` : Math.round(count).toString());

function paintAxes(draw, { data: { experts, layers }, row, column, colours }) {
  draw.font = `10px ${colours.font}`;
  draw.fillStyle = colours.axis;
  draw.textBaseline = 'middle';
  draw.textAlign = 'right';
  const rowStep = row >= 12 ? 1 : Math.ceil(12 / row / 2) * 2;
  layers.forEach(({ layer }, r) => r % rowStep === 0 && draw.fillText(layer, AXIS_X - 6, AXIS_Y + (r + 0.5) * row));
  draw.textAlign = 'center';
  const columnStep = [1, 2, 4, 8, 16, 32].find(step => step * column >= 18) ?? 32;
  for (let e = 0; e < experts; e += columnStep) draw.fillText(e, AXIS_X + (e + 0.5) * column, AXIS_Y / 2);
}

function paintPath(draw, { data: { experts, layers }, row, column, colours, path }) {
  const at = new Map(layers.map(({ layer }, r) => [layer, r]));
  const points = path.filter(step => at.has(step.layer) && step.expert < experts)
    .map(step => [AXIS_X + (step.expert + 0.5) * column, AXIS_Y + (at.get(step.layer) + 0.5) * row]);
  const line = (colour, width) => {
    draw.strokeStyle = colour;
    draw.lineWidth = width;
    draw.beginPath();
    points.forEach(([x, y], i) => (i ? draw.lineTo(x, y) : draw.moveTo(x, y)));
    draw.stroke();
  };
  draw.lineJoin = 'round';
  line(colours.halo, 4);
  line(colours.line, 1.75);
  draw.fillStyle = colours.line;
  for (const [x, y] of points) {
    draw.beginPath();
    draw.arc(x, y, Math.min(4, row / 3), 0, 7);
    draw.fill();
  }
}

function paintCell(draw, { row, column, colours, cell: { r, e } }) {
  draw.strokeStyle = colours.mark;
  draw.lineWidth = 1.5;
  draw.strokeRect(AXIS_X + e * column - 0.75, AXIS_Y + r * row - 0.75, column + 0.5, row + 0.5);
}

const isIn = (groups, layer, e) => groups.some(group => group.layer === layer && e >= group.first && e < group.first + group.count);
const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

function mix(ramp, t) {
  const at = t * (ramp.length - 1);
  const i = Math.min(ramp.length - 2, Math.floor(at));
  return ramp[i].map((from, channel) => Math.round(from + (ramp[i + 1][channel] - from) * (at - i)));
}
