// Keeps the live feed open while somebody looks: reconnects with growing pauses, lets go while the page is hidden.
import { Failure, live } from './api.js';

const PAUSES_S = [0.5, 1, 2, 4, 8, 15];
const ABSENT_PAUSE_S = 30; // the server has no feed; the next one in its place may have
const HIDDEN_GRACE_MS = 5000;
const SILENCE_MS = 10000; // an event a second was promised

/**
 * Events: `live` with the feed's object, `away` with a message, `state` with
 * {state: connecting | live | away | waiting | absent | locked | paused, seconds, message}.
 */
export class LiveFeed extends EventTarget {
  #attempt = 0;
  #controller = null;
  #timer = 0;
  #hidden = 0;

  start() {
    document.addEventListener('visibilitychange', () => this.#visibility());
    addEventListener('online', () => this.again());
    if (!document.hidden) this.#connect();
  }

  /** Connects now, after a pause that was not over or with a new key. */
  again() {
    this.#attempt = 0;
    this.#controller?.abort();
    this.#connect();
  }

  async #connect() {
    clearTimeout(this.#timer);
    const controller = (this.#controller = new AbortController());
    this.#state('connecting');
    let silence = 0;
    const watch = () => {
      clearTimeout(silence);
      silence = setTimeout(() => controller.abort(new Failure(`The live feed has said nothing for ${SILENCE_MS / 1000} s.`)), SILENCE_MS);
    };
    let failure = { message: 'The live feed ended.' };
    try {
      watch();
      for await (const { event, data } of live(controller.signal)) {
        watch();
        this.#attempt = 0;
        this.#state(event, { message: data.message });
        this.dispatchEvent(new CustomEvent(event, { detail: data }));
      }
    } catch (error) {
      failure = error instanceof Failure ? error : { message: 'The live feed was cut off.' };
    } finally {
      clearTimeout(silence);
    }
    if (this.#controller !== controller) return; // another connection took its place
    if (failure.status === 404) this.#retry('absent', ABSENT_PAUSE_S, 'This server has no live feed.');
    else if (failure.status === 401 || failure.status === 403) this.#retry('locked', ABSENT_PAUSE_S, failure.message);
    else this.#retry('waiting', failure.retrySeconds ?? PAUSES_S[Math.min(this.#attempt++, PAUSES_S.length - 1)], failure.message);
  }

  #retry(state, seconds, message) {
    this.#state(state, { seconds, message });
    // Up to a quarter later, so that all pages of a gateway that came back do not ask at once.
    this.#timer = setTimeout(() => this.#connect(), seconds * 1000 * (1 + Math.random() / 4));
  }

  #visibility() {
    clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = setTimeout(() => {
        const controller = this.#controller;
        this.#controller = null;
        clearTimeout(this.#timer);
        controller?.abort();
        this.#state('paused');
      }, HIDDEN_GRACE_MS);
    } else if (this.#controller === null || this.state === 'waiting') {
      this.again();
    }
  }

  #state(state, more = {}) {
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: { state, ...more } }));
  }
}
