// The conversation on the page: one element a turn, kept while the turn lives.
import { $, arrange, h, icon, ICONS } from './dom.js';
import { copyText, Prose } from './prose.js';
import { callCard } from './calls.js';
import { visible } from './tokens.js';

export class TurnList {
  /** @param acts {again(turn), edit(turn, text), results(turn, texts), walk(turn)} */
  constructor(conversation, acts) {
    this.conversation = conversation;
    this.acts = acts;
    this.views = new Map();
  }

  show() {
    const { turns } = this.conversation;
    const shown = turns.filter(turn => turn.role !== 'tool');
    const results = new Map(turns.filter(turn => turn.role === 'tool').map(turn => [turn.callId, turn]));
    const views = new Map(shown.map(turn => [turn.id, this.views.get(turn.id) ?? this.#make(turn)]));
    this.views = views;
    const last = shown.at(-1);
    for (const turn of shown) views.get(turn.id).show(turn, { isLast: turn === last, results });
    arrange($('turns'), shown.map(turn => views.get(turn.id).element));
    $('welcome').hidden = shown.length > 0;
  }

  /** Shows one turn anew, while its answer streams. */
  progress(turn) {
    this.views.get(turn.id)?.show(turn, { isLast: true, results: new Map() });
  }

  prose(turn) {
    return this.views.get(turn.id)?.body;
  }

  #make(turn) {
    return turn.role === 'user' ? new Question(turn, this.acts) : new Answer(this.acts);
  }
}

class Question {
  constructor(turn, acts) {
    this.acts = acts;
    this.element = h('li', { class: 'turn question' });
    this.text = null;
  }

  show(turn) {
    this.turn = turn;
    if (this.text === turn.text) return;
    this.text = turn.text;
    this.element.replaceChildren(
      h('h2', { class: 'unseen' }, 'You'),
      h('div', { class: 'bubble' },
        turn.pictures?.length > 0 && h('div', { class: 'shown' }, turn.pictures.map((url, i) => h('img', { src: url, alt: `Picture ${i + 1} of the question` }))),
        turn.picturesGone && h('p', { class: 'aside' }, `${turn.picturesGone} pictures of this question were not kept.`),
        turn.text && h('p', {}, turn.text)),
      h('div', { class: 'acts' }, h('button', { type: 'button', class: 'quiet', title: 'Edit', 'aria-label': 'Edit', onclick: () => this.#edit() }, icon(ICONS.edit))));
  }

  #edit() {
    const area = h('textarea', { 'aria-label': 'Edit the question', value: this.turn.text, rows: 2 });
    const close = () => {
      this.text = null;
      this.show(this.turn);
      this.element.querySelector('button').focus();
    };
    const save = () => {
      const text = area.value.trim();
      if (!text && !this.turn.pictures?.length) return;
      this.text = null; // so that it is drawn anew, even with the same words
      this.acts.edit(this.turn, text);
    };
    area.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        save();
      } else if (event.key === 'Escape') {
        event.stopPropagation();
        close();
      }
    });
    this.element.replaceChildren(h('div', { class: 'editing' }, area,
      h('div', { class: 'acts' }, h('button', { type: 'button', class: 'plain', onclick: close }, 'Cancel'), h('button', { type: 'button', class: 'solid', onclick: save }, 'Ask'))));
    area.focus();
  }
}

class Answer {
  constructor(acts) {
    this.acts = acts;
    this.body = h('div', { class: 'prose' });
    this.prose = new Prose(this.body);
    this.cards = h('div', { class: 'calls', hidden: true });
    this.rest = h('div', { class: 'rest', hidden: true });
    this.state = h('div', { class: 'state', hidden: true });
    this.acting = h('div', { class: 'acts' });
    this.element = h('li', { class: 'turn answer' }, h('h2', { class: 'unseen' }, 'Answer'), this.body, this.cards, this.rest, this.state, this.acting);
  }

  show(turn, { isLast, results }) {
    turn.tokens?.place(turn.text);
    this.prose.show(turn.text, turn.tokens?.tokenAt ?? (() => -1));
    const canWalk = turn.tokens?.tokens.length > 0;
    this.element.dataset.state = turn.state;
    this.element.setAttribute('aria-busy', String(turn.state === 'running'));
    this.body.hidden = turn.text === '' && turn.state !== 'running';
    if (canWalk) {
      this.body.tabIndex = 0;
      this.body.setAttribute('role', 'group');
      this.body.setAttribute('aria-label', 'Answer. Arrow keys walk its tokens.');
    }
    if (turn.state === 'running') return; // all below is of an answer that ended
    const key = JSON.stringify([turn.state, isLast, turn.calls, turn.calls.map(call => results.get(call.id)?.text)]);
    if (key === this.key) return;
    this.key = key;
    this.#showRest(turn);
    this.#showCalls(turn, isLast, results);
    this.#showState(turn, isLast);
    this.acting.replaceChildren(...this.#acts(turn, isLast, canWalk));
  }

  /** Tokens that the text does not show, so that they can be looked at too. */
  #showRest(turn) {
    const rest = turn.tokens?.unplaced ?? [];
    this.rest.hidden = rest.length === 0;
    this.rest.replaceChildren(h('span', { class: 'aside' }, 'not in the text'),
      ...rest.slice(0, 200).map(token => h('span', { class: 'tok chip', dataset: { token: token.index } }, visible(token.text))));
  }

  #showCalls(turn, isLast, results) {
    const cards = turn.calls.map(call => callCard(call, results.get(call.id), isLast && turn.state === 'done'));
    const isOpen = isLast && turn.state === 'done' && cards.length > 0;
    const send = () => this.acts.results(turn, cards.map(card => card.querySelector('textarea').value));
    this.cards.addEventListener('keydown', event => isOpen && event.key === 'Enter' && !event.shiftKey && event.target.tagName === 'TEXTAREA' && (event.preventDefault(), send()));
    this.cards.replaceChildren(...cards, ...(isOpen ? [h('button', { type: 'button', class: 'solid', onclick: send }, cards.length > 1 ? 'Send results' : 'Send result')] : []));
    this.cards.hidden = cards.length === 0;
  }

  #showState(turn, isLast) {
    clearInterval(this.timer);
    const text = { stopped: 'Stopped.', cut: turn.failure?.message ?? 'The answer was cut off when the page was closed.', failed: turn.failure?.message }[turn.state];
    this.state.hidden = !text;
    if (!text) return;
    const again = h('button', { type: 'button', class: 'plain', onclick: () => this.acts.again(turn) }, turn.state === 'failed' ? 'Try again' : 'Regenerate');
    const wait = h('span', { class: 'aside' });
    this.state.setAttribute('role', turn.state === 'stopped' ? 'status' : 'alert');
    this.state.replaceChildren(
      h('p', {}, turn.state === 'cut' && h('strong', {}, 'Cut off. '), turn.failure?.status >= 400 && h('strong', {}, `${turn.failure.status} `), text, turn.failure?.status === 401 && ' The key goes into the settings.', ' ', wait),
      isLast && turn.state !== 'stopped' && again);
    if (turn.failure?.retryAt) this.#count(turn.failure.retryAt, again, wait);
  }

  /** The button opens once the time that the server named is over. */
  #count(retryAt, again, wait) {
    const tick = () => {
      const left = Math.ceil((retryAt - Date.now()) / 1000);
      again.disabled = left > 0;
      wait.textContent = left > 0 ? `It asks to wait ${left} s.` : '';
      if (left <= 0) clearInterval(this.timer);
    };
    this.timer = setInterval(tick, 250);
    tick();
  }

  #acts(turn, isLast, canWalk) {
    const copy = h('button', { type: 'button', class: 'quiet', onclick: () => copyText(turn.text, copyLabel) }, icon(ICONS.copy));
    const copyLabel = h('span', {}, 'Copy');
    copy.append(copyLabel);
    return [
      turn.text && copy,
      !(isLast && ['cut', 'failed'].includes(turn.state)) // there the box has it
        && h('button', { type: 'button', class: 'quiet', onclick: () => this.acts.again(turn) }, icon(ICONS.again), 'Regenerate'),
      canWalk && h('button', { type: 'button', class: 'quiet', onclick: () => this.acts.walk(turn) }, icon(ICONS.path), 'Tokens'),
      h('span', { class: 'figures' }, figuresOf(turn)),
    ].filter(Boolean);
  }
}

function figuresOf({ stats, finish, model }) {
  if (!stats?.usage) return '';
  const { completion_tokens: made, prompt_tokens: read, prompt_tokens_details: details } = stats.usage;
  const seconds = (stats.ms - (stats.firstMs ?? 0)) / 1000;
  return [
    `${made} tokens`,
    made > 1 && seconds > 0.001 && `${((made - 1) / seconds).toFixed(0)}/s`,
    stats.firstMs !== null && `first after ${stats.firstMs.toFixed(0)} ms`,
    `${read} read${details?.cached_tokens ? `, ${details.cached_tokens} cached` : ''}`,
    finish === 'length' && 'ended by the token limit',
  ].filter(Boolean).join('  ·  ');
}
