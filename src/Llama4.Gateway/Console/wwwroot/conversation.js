// The dialog and the one answer that may be running. Knows nothing of the page: whoever shows it listens.
import { chat, Failure } from './api.js';
import { refusalOfRequest } from './limits.js';
import { loadTurns, saveTurns } from './store.js';
import { TokenTrail } from './tokens.js';

const PATHS_MAX = 6000; // tokens whose paths are kept, about 10 KB each in a model of 48 layers

/**
 * A turn is {id, role, text} and, by role,
 *   user       pictures: data: URIs
 *   assistant  state: running | done | stopped | cut | failed, calls: [{id, name, arguments}], failure, tokens, stats, finish
 *   tool       callId, name
 */
export class Conversation extends EventTarget {
  /** @param settings what requests are to say: () => {model, system, fields, watch} */
  constructor(settings) {
    super();
    this.settings = settings;
    this.turns = loadTurns();
    this.running = null;
    addEventListener('pagehide', () => saveTurns(this.turns)); // what came of a running answer
  }

  /** Asks; throws a Failure when the request would be too large. */
  ask(text, pictures) {
    this.#answer([...this.turns, { id: newId(), role: 'user', text, pictures }]);
  }

  /** Asks anew what the turn asked or answered; everything after it goes. `text` replaces a question's. */
  again(turn, text = null) {
    const at = this.turns.indexOf(turn);
    if (at < 0) return;
    const kept = this.turns.slice(0, turn.role === 'assistant' ? at : at + 1);
    if (text !== null) kept[at] = { ...turn, text };
    this.#answer(kept);
  }

  /** Results of the last answer's calls, in their order. */
  giveResults(turn, texts) {
    const at = this.turns.indexOf(turn);
    const results = turn.calls.map((call, i) => ({ id: newId(), role: 'tool', callId: call.id, name: call.name, text: texts[i] }));
    this.#answer([...this.turns.slice(0, at + 1), ...results]);
  }

  stop() {
    this.running?.controller.abort();
  }

  clear() {
    this.stop();
    this.turns = [];
    this.#changed(null);
  }

  /** The last answer, or undefined. */
  get lastAnswer() {
    return this.turns.findLast(turn => turn.role === 'assistant');
  }

  #answer(turns) {
    if (this.running) throw new Failure('An answer is running. Stop it first, with Esc.');
    const { fields, watch } = this.settings();
    const request = { ...fields, messages: this.#messages(turns), stream: true, stream_options: { include_usage: true } };
    const refusal = refusalOfRequest(request);
    if (refusal) throw new Failure(refusal);
    const turn = { id: newId(), role: 'assistant', text: '', calls: [], state: 'running', model: request.model };
    this.turns = [...turns, turn];
    this.#run(turn, request, watch);
  }

  async #run(turn, request, watch) {
    const controller = new AbortController();
    this.running = { turn, controller };
    turn.tokens = new TokenTrail();
    this.#changed(turn);
    const start = performance.now();
    const stats = { count: 0, firstMs: null, ms: 0, usage: null };
    turn.stats = stats;
    try {
      for await (const chunk of this.#chunks(request, watch, controller.signal)) {
        take(turn, chunk);
        stats.ms = performance.now() - start;
        if (stats.firstMs === null && (turn.text || turn.calls.length)) stats.firstMs = stats.ms;
        stats.usage = chunk.usage ?? stats.usage;
        this.dispatchEvent(new CustomEvent('progress', { detail: turn }));
      }
      turn.state = 'done';
    } catch (error) {
      if (error.name === 'AbortError') turn.state = 'stopped';
      else fail(turn, error);
    }
    this.running = null;
    this.#letGo();
    this.#changed(turn);
  }

  /** Paths of the oldest answers go once there are too many. */
  #letGo() {
    let kept = 0;
    for (const { tokens } of this.turns.toReversed()) {
      kept += tokens?.paths ?? 0;
      if (kept > PATHS_MAX) tokens?.letGo();
    }
  }

  /** Paths and probabilities are extras: a server that refuses one is asked again without. */
  async *#chunks(request, watch, signal) {
    try {
      yield* chat(watch ? { ...request, llama4_path: true, logprobs: true, top_logprobs: 5 } : request, signal);
    } catch (error) {
      if (!watch || error.status !== 400 || !/llama4_path|logprobs/.test(`${error.param} ${error.message}`)) throw error;
      yield* chat(request, signal);
    }
  }

  #messages(turns) {
    const { system } = this.settings();
    const messages = system ? [{ role: 'system', content: system }] : [];
    for (const turn of turns) {
      if (turn.role === 'user') messages.push({ role: 'user', content: contentOf(turn) });
      else if (turn.role === 'tool') messages.push({ role: 'tool', tool_call_id: turn.callId, content: turn.text });
      else if (turn.calls?.length) messages.push({ role: 'assistant', content: turn.text || null, tool_calls: turn.calls.map(callOf) });
      else if (turn.text) messages.push({ role: 'assistant', content: turn.text });
    }
    return messages;
  }

  #changed(turn) {
    const isKept = saveTurns(this.turns);
    this.dispatchEvent(new CustomEvent('change', { detail: { turn, isKept } }));
  }
}

function take(turn, chunk) {
  const choice = chunk.choices?.[0];
  turn.text += choice?.delta?.content ?? '';
  for (const part of choice?.delta?.tool_calls ?? []) {
    const call = (turn.calls[part.index ?? turn.calls.length] ??= { id: '', name: '', arguments: '' });
    call.id = part.id ?? call.id;
    call.name += part.function?.name ?? '';
    call.arguments += part.function?.arguments ?? '';
  }
  turn.finish = choice?.finish_reason ?? turn.finish;
  turn.tokens.add(chunk);
}

function fail(turn, error) {
  if (!(error instanceof Failure)) console.error(error); // a fault of this page
  turn.state = error.code === 'cut' ? 'cut' : 'failed';
  turn.failure = {
    message: error.message,
    status: error.status ?? 0,
    param: error.param ?? null,
    retryAt: error.retrySeconds == null ? null : Date.now() + error.retrySeconds * 1000,
  };
}

function contentOf(turn) {
  if (!turn.pictures?.length) return turn.text;
  const parts = turn.pictures.map(url => ({ type: 'image_url', image_url: { url } }));
  return turn.text ? [...parts, { type: 'text', text: turn.text }] : parts;
}

const callOf = call => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } });

// crypto.randomUUID is there in secure contexts only, and a gateway may be reached over plain http.
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => byte.toString(16).padStart(2, '0')).join('');
