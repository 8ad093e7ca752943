// Light, dark, or as the system has it.
import { $ } from './dom.js';
import { loadTheme, saveTheme } from './store.js';

const ORDER = ['system', 'light', 'dark'];

export function startTheme(changed) {
  const root = document.documentElement;
  let theme = ORDER.includes(loadTheme()) ? loadTheme() : 'system';
  const show = () => {
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    $('theme').setAttribute('aria-label', `Theme: ${theme}`);
    $('theme').title = `Theme: ${theme}`;
    changed();
  };
  $('theme').addEventListener('click', () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    saveTheme(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  show();
}
