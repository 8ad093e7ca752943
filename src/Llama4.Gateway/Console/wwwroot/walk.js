// Which token of which answer is looked at, by pointer and by keys.
import { $ } from './dom.js';
import { hidePath, showPath } from './path.js';
import { visible } from './tokens.js';

export class TokenWalk {
  /** @param acts {say(text) to a screen reader, chosen({turn, token} or null), point(layer or null)} */
  constructor(conversation, turnList, acts) {
    Object.assign(this, { conversation, turnList, ...acts });
    this.at = null;
    $('turns').addEventListener('click', event => this.#click(event));
    $('turns').addEventListener('keydown', event => this.#key(event));
  }

  /** Begins at an answer's first token, or goes on where it was. */
  begin(turn) {
    if (!turn?.tokens?.tokens.length) return;
    this.turnList.prose(turn)?.focus();
    this.choose(turn, this.at?.turn === turn ? this.at.index : 0);
  }

  choose(turn, index) {
    const token = turn.tokens?.tokens[index];
    if (!token) return;
    this.at = { turn, index };
    this.mark();
    const count = turn.tokens.tokens.length;
    showPath(token, count, { step: by => this.choose(turn, index + by), close: () => this.end(), point: this.point });
    this.say(`Token ${index + 1} of ${count}: ${token.text}${token.probability ? `, ${Math.round(100 * token.probability)} percent` : ''}`);
    this.chosen({ turn, token });
  }

  /** Whether there was anything to end. */
  end() {
    if (!this.at) return false;
    const { turn } = this.at;
    this.at = null;
    this.mark();
    hidePath();
    this.chosen(null);
    if (!document.activeElement || document.activeElement === document.body) this.turnList.prose(turn)?.focus();
    return true;
  }

  /** Shows the chosen token in the text; also after the text was drawn anew. */
  mark() {
    for (const old of $('turns').querySelectorAll('.tok.chosen')) old.classList.remove('chosen');
    if (!this.at) return;
    const spans = this.turnList.prose(this.at.turn)?.closest('.turn').querySelectorAll(`.tok[data-token="${this.at.index}"]`) ?? [];
    spans.forEach(span => span.classList.add('chosen'));
    spans[0]?.scrollIntoView({ block: 'nearest' });
  }

  #click(event) {
    const span = event.target.closest?.('.tok');
    if (!span || event.target.closest('a') || String(getSelection())) return; // a link is followed, a selection is for copying
    const turn = this.#turnOf(span);
    if (turn) this.choose(turn, Number(span.dataset.token));
  }

  #key(event) {
    const prose = event.target.closest?.('.prose');
    if (!prose || event.target !== prose || event.ctrlKey || event.metaKey || event.altKey) return;
    const turn = this.#turnOf(prose);
    const count = turn?.tokens?.tokens.length;
    if (!count) return;
    const index = this.at?.turn === turn ? this.at.index : null;
    const to = {
      ArrowRight: () => (index === null ? 0 : Math.min(count - 1, index + 1)),
      ArrowLeft: () => (index === null ? count - 1 : Math.max(0, index - 1)),
      ArrowDown: () => index !== null && this.#line(prose, index, 1),
      ArrowUp: () => index !== null && this.#line(prose, index, -1),
      Home: () => 0,
      End: () => count - 1,
      Enter: () => index ?? 0,
    }[event.key]?.();
    if (typeof to !== 'number') return;
    event.preventDefault();
    this.choose(turn, to);
    if (event.key === 'Enter') $('path').querySelector('.path-body').focus();
  }

  /** The nearest token of the line above or below. */
  #line(prose, index, by) {
    const boxes = [...prose.querySelectorAll('.tok')].map(span => ({ index: Number(span.dataset.token), box: span.getBoundingClientRect() }));
    const here = boxes.find(other => other.index === index)?.box;
    if (!here) return index;
    const beyond = boxes.filter(({ box }) => (by > 0 ? box.top > here.top + 4 : box.top < here.top - 4));
    if (!beyond.length) return index;
    const line = by > 0 ? Math.min(...beyond.map(({ box }) => box.top)) : Math.max(...beyond.map(({ box }) => box.top));
    return beyond.filter(({ box }) => Math.abs(box.top - line) < 4)
      .reduce((best, other) => (Math.abs(other.box.left - here.left) < Math.abs(best.box.left - here.left) ? other : best)).index;
  }

  #turnOf(node) {
    const element = node.closest('.turn');
    return this.conversation.turns.find(turn => this.turnList.views.get(turn.id)?.element === element);
  }
}
