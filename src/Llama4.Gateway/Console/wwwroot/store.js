// What outlives a reload: the conversation and settings in localStorage, the key in sessionStorage. All of it bounded.

const CONVERSATION = 'llama4.conversation';
const SETTINGS = 'llama4.settings';
const KEY = 'llama4.key';
const THEME = 'llama4.theme';

const TURNS_MAX = 200;
const CHARS_MAX = 2 << 20; // browsers give 5 MiB to all of it

function read(storage, name, otherwise) {
  try {
    return JSON.parse(storage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise; // storage is closed to us, or holds what another release wrote
  }
}

function write(storage, name, value) {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** The turns kept, oldest first; an answer that was running when the page went away is marked cut. */
export function loadTurns() {
  const turns = read(localStorage, CONVERSATION, []);
  if (!Array.isArray(turns)) return [];
  return turns
    .filter(turn => turn && ['user', 'assistant', 'tool'].includes(turn.role))
    .map(turn => (turn.state === 'running' ? { ...turn, state: 'cut' } : turn));
}

/** Keeps the newest turns that fit. Tokens' paths are not kept, and pictures only while there is room. */
export function saveTurns(turns) {
  let kept = turns.slice(-TURNS_MAX).map(({ tokens, ...turn }) => turn);
  let text = JSON.stringify(kept);
  if (text.length > CHARS_MAX) {
    kept = kept.map(({ pictures, ...turn }) => (pictures?.length ? { ...turn, picturesGone: pictures.length } : turn));
    text = JSON.stringify(kept);
  }
  while (text.length > CHARS_MAX && kept.length > 1) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify(kept);
  }
  return text.length <= CHARS_MAX && write(localStorage, CONVERSATION, kept);
}

export const loadSettings = () => read(localStorage, SETTINGS, {});
export const saveSettings = settings => write(localStorage, SETTINGS, settings);
export const apiKey = () => read(sessionStorage, KEY, '');
export const saveApiKey = key => write(sessionStorage, KEY, key || null);
export const loadTheme = () => read(localStorage, THEME, 'system');
export const saveTheme = theme => write(localStorage, THEME, theme);
