// The page by keyboard, and the overlay that tells how.
import { $, h, icon, ICONS } from './dom.js';

const HELP = [
  ['Ask', [
    ['Enter', 'send the question'], ['Shift Enter', 'new line'], ['Esc', 'stop the answer'],
    ['↑', 'edit the last question, from an empty field'], ['/', 'to the question'], ['r', 'regenerate the last answer'],
  ]],
  ['Look inside', [
    ['t', 'walk the tokens of the last answer'], ['← →', 'token before, after'], ['↑ ↓', 'line above, below'],
    ['Enter', 'to the layers of the token'], ['Esc', 'leave the tokens'], ['m', 'map: last seconds or this answer'],
  ]],
  ['Page', [
    ['c', 'chat or cluster, on a narrow page'], [',', 'settings'], ['?', 'this help'],
  ]],
];

/** @param acts by key; Escape returns whether it did something */
export function startKeys(acts, isOn) {
  $('help').replaceChildren(
    h('header', { class: 'sheet-head' }, h('h2', { id: 'help-title' }, 'Keys'),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Close help', onclick: () => $('help').close() }, icon(ICONS.close))),
    h('div', { class: 'keys' }, HELP.map(([title, keys]) => h('section', {}, h('h3', {}, title),
      h('dl', {}, keys.map(([key, what]) => [h('dt', {}, key.split(' ').map(name => h('kbd', {}, name))), h('dd', {}, what)]))))),
    h('p', { class: 'about' }, 'Single keys work while no field has the focus; the settings can switch them off. Pictures: drop them on the page or paste them.'));
  $('help').addEventListener('click', event => event.target === $('help') && $('help').close());
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') {
      if (acts.Escape()) event.preventDefault();
      return;
    }
    const act = acts[event.key];
    if (!act || !isOn() || event.target.closest('input, textarea, select')) return;
    event.preventDefault();
    act();
  });
}
