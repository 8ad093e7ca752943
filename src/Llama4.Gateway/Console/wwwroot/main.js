// Where the parts of the page meet.
import { $, h } from './dom.js';
import { models } from './api.js';
import { ClusterView } from './cluster.js';
import { Conversation } from './conversation.js';
import { startKeys } from './keys.js';
import { takeLimits } from './limits.js';
import { LiveFeed } from './live.js';
import { Pictures } from './pictures.js';
import { Settings } from './settings.js';
import { startTheme } from './theme.js';
import { TurnList } from './turns.js';
import { TokenWalk } from './walk.js';

const STARTERS = ['What is the capital of France?', 'Name three animals.', 'What is 12 plus 7?', 'What is the opposite of cold?'];

const settings = new Settings();
const conversation = new Conversation(() => settings.request());
const cluster = new ClusterView();
const feed = new LiveFeed();
const pictures = new Pictures(notice);
const turnList = new TurnList(conversation, {
  again: turn => attempt(() => conversation.again(turn)),
  edit: (turn, text) => attempt(() => conversation.again(turn, text)),
  results: (turn, texts) => attempt(() => conversation.giveResults(turn, texts)),
  walk: turn => walk.begin(turn),
});
const walk = new TokenWalk(conversation, turnList, { say, chosen: showChosen, point: layer => cluster.heat.point(layer) });

/** The path of the chosen token, on the map too. */
function showChosen(at) {
  const steps = at?.token.layers?.filter(layer => layer.expert !== undefined);
  cluster.heat.showPath(steps?.length ? steps : null);
  cluster.showAnswer((at?.turn ?? conversation.lastAnswer)?.tokens ?? null);
  if (steps?.length) showMap();
}

/** Scrolls the map into what the path leaves free, no further than needed. */
function showMap() {
  const [box, map] = [$('cluster').getBoundingClientRect(), $('heat').getBoundingClientRect()];
  const above = $('heat-panel').getBoundingClientRect().top - box.top - 10;
  $('cluster').scrollTop += Math.min(above, Math.max(0, map.bottom - box.bottom + 10));
}

function say(text) {
  $('said').textContent = text;
}

function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

/** Does what may be refused before a request is made, and says so. */
function attempt(act) {
  notice('');
  try {
    act();
    return true;
  } catch (error) {
    notice(error.message);
    return false;
  }
}

// --- the conversation

function send() {
  const text = $('question').value.trim();
  if (conversation.running || (!text && !pictures.items.length)) return;
  const isSent = attempt(() => conversation.ask(text, pictures.items.map(item => item.url)));
  if (!isSent) return;
  pictures.take();
  $('question').value = '';
  grow();
  stick(true);
}

function grow() {
  $('question').style.height = 'auto';
  $('question').style.height = `${Math.min($('question').scrollHeight, innerHeight * 0.4)}px`;
}

let isAtEnd = true;
function stick(force = false) {
  if (force || isAtEnd) $('thread').scrollTop = $('thread').scrollHeight;
}

let isDue = false;
let costMs = 0;
conversation.addEventListener('progress', ({ detail: turn }) => {
  if (isDue) return;
  isDue = true;
  // A long paragraph is drawn anew with each token: at most a fifth of the time goes into it.
  setTimeout(() => requestAnimationFrame(() => {
    isDue = false;
    const start = performance.now();
    turnList.progress(turn);
    cluster.showAnswer(turn.tokens);
    stick();
    costMs = performance.now() - start;
  }), 4 * costMs);
});

conversation.addEventListener('change', ({ detail: { turn, isKept } }) => {
  if (walk.at && !conversation.turns.includes(walk.at.turn)) walk.end();
  turnList.show();
  const isRunning = conversation.running !== null;
  $('send').hidden = isRunning;
  $('stop').hidden = !isRunning;
  if (!isKept) notice('This browser keeps nothing more: the conversation will be gone after a reload.');
  cluster.showAnswer(conversation.lastAnswer?.tokens ?? null);
  if (turn && !isRunning) {
    const ended = { done: 'Answer complete.', stopped: 'Answer stopped.' }[turn.state];
    if (ended) say(`${ended} ${turn.text.slice(0, 2000)}`);
  }
  stick();
});

$('thread').addEventListener('scroll', () => {
  const { scrollTop, scrollHeight, clientHeight } = $('thread');
  isAtEnd = scrollHeight - scrollTop - clientHeight < 40;
});

$('composer').addEventListener('submit', event => {
  event.preventDefault();
  send();
});
$('question').addEventListener('input', grow);
$('question').addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === 'ArrowUp' && !$('question').value && !conversation.running) {
    const last = conversation.turns.findLast(turn => turn.role === 'user');
    const edit = last && turnList.views.get(last.id).element.querySelector('.acts button');
    if (edit) {
      event.preventDefault();
      edit.click();
    }
  }
});
$('stop').addEventListener('click', () => {
  conversation.stop();
  $('question').focus();
});
$('new').addEventListener('click', () => {
  conversation.clear();
  notice('');
  $('question').focus();
});
$('starters').replaceChildren(...STARTERS.map(text => h('li', {}, h('button', {
  type: 'button',
  onclick: () => {
    $('question').value = text;
    send();
    $('question').focus();
  },
}, text))));

// --- the cluster

feed.addEventListener('live', ({ detail }) => {
  cluster.take(detail);
  showLink('live', detail.epoch === undefined ? 'live' : `live, epoch ${detail.epoch}`);
});
feed.addEventListener('state', ({ detail: { state, seconds, message } }) => {
  if (state === 'live') return;
  if (state === 'away') cluster.offline(`The cluster does not answer: ${message}`, false);
  if (state === 'waiting') cluster.offline(`${message} Next try in ${Math.max(1, Math.round(seconds))} s; what is shown is the last that was heard.`, false);
  if (state === 'absent' || state === 'locked') cluster.offline(state === 'locked' ? `${message} The key goes into the settings.` : message, true);
  showLink(state, { connecting: 'connecting', away: 'cluster away', waiting: 'reconnecting', absent: 'no live feed', locked: 'needs a key', paused: 'paused' }[state]);
});

function showLink(state, text) {
  const isBack = state === 'live' && $('link').dataset.state !== 'live';
  $('link').dataset.state = state;
  if ($('link-text').textContent !== text) $('link-text').textContent = text;
  if (isBack) loadModels(); // another server may stand in the place of the one that was lost
}

let modelsTimer = 0;
async function loadModels() {
  clearTimeout(modelsTimer);
  try {
    const found = await models();
    takeLimits(found);
    const chosen = $('model').value || settings.values.model;
    $('model').replaceChildren(...found.map(({ id }) => h('option', { value: id, selected: id === chosen }, id)));
  } catch (error) {
    if (error.status !== 401) modelsTimer = setTimeout(loadModels, 3000);
  }
}

$('model').addEventListener('change', () => settings.keep('model', $('model').value));
settings.addEventListener('change', ({ detail }) => {
  if (detail !== 'key') return;
  clearTimeout(settings.keyTimer);
  settings.keyTimer = setTimeout(() => {
    loadModels();
    feed.again();
  }, 400);
});

function view(name) {
  document.body.dataset.view = name;
  $('view-chat').setAttribute('aria-pressed', String(name === 'chat'));
  $('view-cluster').setAttribute('aria-pressed', String(name === 'cluster'));
}

$('view-chat').addEventListener('click', () => view('chat'));
$('view-cluster').addEventListener('click', () => view('cluster'));
$('open-settings').addEventListener('click', () => settings.open());
$('open-help').addEventListener('click', () => $('help').showModal());

startKeys({
  Escape: () => {
    if (conversation.running) conversation.stop();
    else return walk.end();
    return true;
  },
  '/': () => $('question').focus(),
  '?': () => $('help').showModal(),
  ',': () => settings.open(),
  t: () => walk.begin(conversation.lastAnswer),
  r: () => conversation.lastAnswer && attempt(() => conversation.again(conversation.lastAnswer)),
  m: () => cluster.showMode(cluster.mode === 'live' ? 'answer' : 'live'),
  c: () => view(document.body.dataset.view === 'chat' ? 'cluster' : 'chat'),
}, () => settings.values.keys);

startTheme(() => cluster.heat.recolour());
turnList.show();
stick(true);
loadModels();
feed.start();
$('question').focus();
