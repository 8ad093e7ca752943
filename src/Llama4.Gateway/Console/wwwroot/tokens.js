// The tokens of one answer: what the server says of each, and which characters of the text are its.

const PATHS_MAX = 6000; // tokens of one answer whose paths are kept; all are counted
const RESYNC_CHARS = 16; // how far ahead a token is looked for when the text between is of tokens that are no whole characters

export class TokenTrail {
  /** By index: {index, id, text, layers, probability, top: [{text, probability}], isPlaced}. */
  tokens = [];
  /** Tokens by layer and expert: layer to counts. */
  routed = new Map();
  /** Tokens whose paths are kept. */
  paths = 0;
  #owners = [];
  #cursor = 0;
  #next = 0;
  #logged = 0;

  /** Takes what a chunk says of choice 0. */
  add(chunk) {
    for (const path of chunk.llama4?.paths ?? []) {
      if ((path.choice ?? 0) !== 0) continue;
      const layers = this.paths < PATHS_MAX ? path.layers : null;
      if (layers) this.paths++;
      Object.assign(this.#token(path.index), { id: path.token, text: path.text, layers });
      for (const { layer, expert } of path.layers ?? []) if (expert !== undefined) this.#count(layer, expert);
    }
    for (const choice of chunk.choices ?? []) {
      for (const logged of choice.logprobs?.content ?? []) {
        const token = this.#token(this.#logged++);
        token.text ??= logged.token;
        token.probability = Math.exp(logged.logprob);
        token.top = (logged.top_logprobs ?? []).map(other => ({ text: other.token, probability: Math.exp(other.logprob) }));
      }
    }
  }

  /** Forgets the paths; texts, probabilities and counts stay. */
  letGo() {
    this.paths = 0;
    for (const token of this.tokens) if (token) token.layers = null;
  }

  /** Finds the places of tokens that came since, in the text so far. */
  place(text) {
    for (; this.#next < this.tokens.length; this.#next++) {
      const token = this.tokens[this.#next];
      if (token?.text === undefined) return;
      const rest = text.length - this.#cursor;
      if (token.text.length > rest && rest >= 0 && token.text.startsWith(text.slice(this.#cursor)) && rest > 0) return; // held back: more will come
      const at = token.text === '' ? -1 : text.indexOf(token.text, this.#cursor);
      token.isPlaced = at >= 0 && at - this.#cursor <= RESYNC_CHARS;
      if (!token.isPlaced) continue;
      while (this.#cursor < at) this.#owners[this.#cursor++] = this.#next - 1;
      for (let i = 0; i < token.text.length; i++) this.#owners[this.#cursor++] = this.#next;
    }
  }

  /** Index of the token that a character of the text belongs to, -1 for none. */
  tokenAt = at => this.#owners[at] ?? -1;

  /** Tokens that are not to be seen in the text: calls, and those that end an answer. */
  get unplaced() {
    return this.tokens.slice(0, this.#next).filter(token => token && !token.isPlaced);
  }

  /** As the live feed's heat: {experts, layers: [{layer, tokens}]}. */
  heat(expertsAtLeast = 0) {
    const experts = Math.max(expertsAtLeast, ...[...this.routed.values()].map(counts => counts.length), 0);
    const layers = [...this.routed].sort(([a], [b]) => a - b)
      .map(([layer, counts]) => ({ layer, tokens: Array.from({ length: experts }, (_, expert) => counts[expert] ?? 0) }));
    return { experts, layers };
  }

  #token(index) {
    return (this.tokens[index] ??= { index });
  }

  #count(layer, expert) {
    if (!this.routed.has(layer)) this.routed.set(layer, []);
    const counts = this.routed.get(layer);
    counts[expert] = (counts[expert] ?? 0) + 1;
  }
}

/** A token's text as one can see it. */
export const visible = text => (text ?? '').replace(/\n/g, '↵').replace(/\t/g, '⇥').replace(/^ +| +$/g, spaces => '·'.repeat(spaces.length)) || '∅';
