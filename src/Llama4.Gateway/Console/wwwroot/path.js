// The way of one token through the layers, and what else it could have been.
import { $, h, icon, ICONS } from './dom.js';
import { visible } from './tokens.js';

const percent = part => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
const time = us => (us === undefined ? '–' : us >= 10000 ? `${(us / 1000).toFixed(0)} ms` : us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${us.toFixed(0)} µs`);

const PARTS = [
  { key: 'attention_us', name: 'attention' },
  { key: 'wire_us', name: 'wire' },
  { key: 'expert_us', name: 'expert' },
  { key: 'feed_forward_us', name: 'dense' },
];

/** @param acts {step(by), close(), point(layer)} */
export function showPath(token, count, acts) {
  const layers = token.layers ?? [];
  $('path').replaceChildren(
    h('header', { class: 'path-head' },
      h('h2', {}, h('span', { class: 'unseen' }, 'Token '), h('mark', {}, visible(token.text))),
      h('span', { class: 'aside' }, [`${token.index + 1} of ${count}`, token.id !== undefined && `id ${token.id}`].filter(Boolean).join(' · ')),
      h('span', { class: 'space' }),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Token before', disabled: token.index === 0, onclick: () => acts.step(-1) }, icon('M12 5l-5 5 5 5')),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Token after', disabled: token.index === count - 1, onclick: () => acts.step(1) }, icon('M8 5l5 5-5 5')),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Close', onclick: acts.close }, icon(ICONS.close))),
    h('div', { class: 'path-body', tabIndex: 0, role: 'region', 'aria-label': 'Layers of the token' },
      token.top?.length ? alternatives(token) : null,
      layers.length ? [summary(layers), table(layers, acts)] : h('p', { class: 'aside' }, token.layers === null ? 'This path was let go: too many are kept already.' : 'This server tells no paths of tokens.')));
  $('path').hidden = false;
  document.body.classList.add('has-path');
}

export function hidePath() {
  $('path').hidden = true;
  document.body.classList.remove('has-path');
  $('path').replaceChildren();
}

/** What the model might have said instead. */
function alternatives(token) {
  return h('ul', { class: 'instead', 'aria-label': 'Tokens it chose among' }, token.top.map(other => h('li', { class: other.text === token.text ? 'chosen' : null, vars: { '--part': other.probability } },
    h('span', {}, visible(other.text)), h('span', {}, percent(other.probability)))));
}

function summary(layers) {
  const sums = PARTS.map(part => ({ ...part, sum: layers.reduce((sum, layer) => sum + (layer[part.key] ?? 0), 0) })).filter(part => part.sum > 0);
  const whole = sums.reduce((sum, part) => sum + part.sum, 0);
  const hosts = new Set(layers.flatMap(layer => [layer.host, layer.expert_host]).filter(Boolean));
  return h('div', { class: 'summary' },
    h('div', { class: 'times', 'aria-hidden': 'true' }, sums.map(part => h('i', { class: part.name, vars: { 'flex-grow': part.sum / whole } }))),
    h('p', {}, sums.map(part => h('span', { class: `key ${part.name}` }, `${part.name} ${time(part.sum)}`)),
      h('span', { class: 'aside' }, `${time(whole)} in ${layers.length} layers on ${hosts.size === 1 ? [...hosts][0] : `${hosts.size} hosts`}`)));
}

function table(layers, acts) {
  const longest = Math.max(1, ...layers.map(layer => PARTS.reduce((sum, part) => sum + (layer[part.key] ?? 0), 0)));
  return h('table', { class: 'layers' },
    h('thead', {}, h('tr', {}, ['Layer', 'Expert', 'Score', 'Host', 'Time', 'Best experts'].map(name => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, layers.map(layer => row(layer, longest, acts))));
}

function row(layer, longest, acts) {
  const isDense = layer.expert === undefined;
  const parts = PARTS.filter(part => layer[part.key] > 0);
  const whole = parts.reduce((sum, part) => sum + layer[part.key], 0);
  const said = parts.map(part => `${part.name} ${time(layer[part.key])}`).join(', ');
  const isElsewhere = layer.expert_host && layer.expert_host !== layer.host;
  return h('tr', { onpointerenter: () => acts.point(isDense ? null : layer), onpointerleave: () => acts.point(null) },
    h('th', { scope: 'row' }, layer.layer),
    h('td', {}, isDense ? h('span', { class: 'aside' }, 'dense') : h('b', {}, layer.expert)),
    h('td', { class: 'score' }, !isDense && h('span', { class: 'part', vars: { '--part': layer.score ?? 0 } }, (layer.score ?? 0).toFixed(2))),
    h('td', { class: 'where' }, isElsewhere ? [h('span', {}, layer.host, ' → '), layer.expert_host] : layer.host),
    h('td', { class: 'took', title: said }, h('div', {},
      h('span', {}, time(whole)), h('span', { class: 'unseen' }, ` (${said})`),
      h('span', { class: 'times', 'aria-hidden': 'true', vars: { '--part': whole / longest } }, parts.map(part => h('i', { class: part.name, vars: { 'flex-grow': layer[part.key] / whole } }))))),
    h('td', { class: 'best' }, (layer.top ?? []).map(other => h('span', { class: other.expert === layer.expert ? 'chosen' : null }, h('b', {}, other.expert), ` ${percent(other.probability)}`))));
}
