// A tool call as a card: what was asked, and what came of it.
import { h, icon, ICONS } from './dom.js';

/** @param result the tool turn, if there is one; @param isOpen whether a result can be given */
export function callCard(call, result, isOpen) {
  return h('section', { class: 'call', 'aria-label': `Call of ${call.name}` },
    h('header', {}, icon(ICONS.wrench), h('strong', {}, call.name), h('code', { class: 'aside' }, call.id)),
    h('dl', {}, argumentsOf(call.arguments)),
    result && h('div', { class: 'result' }, h('h4', {}, 'Result'), h('pre', { tabIndex: 0 }, pretty(result.text))),
    !result && isOpen && h('label', { class: 'result' }, h('span', {}, 'Result'),
      h('textarea', { rows: 2, class: 'mono', placeholder: 'What the tool answers, as text or JSON', spellcheck: false })));
}

function argumentsOf(text) {
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    values = null;
  }
  if (values === null || typeof values !== 'object' || Array.isArray(values)) return [h('dt', {}, 'arguments'), h('dd', {}, text)];
  const entries = Object.entries(values);
  return entries.length ? entries.map(([name, value]) => [h('dt', {}, name), h('dd', {}, JSON.stringify(value, null, 1))]) : [h('dt', {}, 'no arguments'), h('dd')];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
