// The server's HTTP interface as the console uses it.
import { events } from './sse.js';
import { apiKey } from './store.js';

/** What the server refused, or that it could not be reached (status 0). `retrySeconds` where it named a time. */
export class Failure extends Error {
  constructor(message, { status = 0, code = null, param = null, retrySeconds = null } = {}) {
    super(message);
    Object.assign(this, { status, code, param, retrySeconds });
  }
}

async function ask(path, init = {}) {
  const headers = { ...init.headers };
  const key = apiKey();
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...init, headers, cache: 'no-store', redirect: 'error' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Failure('The server cannot be reached.');
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function failureOf(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // a proxy's page, not the server's JSON: the status says it
  }
  const retry = response.headers.get('Retry-After');
  const seconds = retry === null ? NaN : /^\d+$/.test(retry) ? Number(retry) : (Date.parse(retry) - Date.now()) / 1000;
  return new Failure(error.message ?? `The server answered ${response.status} ${response.statusText}.`, {
    status: response.status,
    code: error.code,
    param: error.param,
    retrySeconds: Number.isFinite(seconds) ? Math.min(3600, Math.max(0, Math.ceil(seconds))) : null,
  });
}

/** The models served: [{id, max_model_len, limits}]. */
export async function models(signal) {
  return (await (await ask('/v1/models', { signal })).json()).data;
}

/**
 * Streams an answer: each chunk's JSON. Ends normally only after [DONE]; a stream that stops before it throws a
 * Failure with code "cut".
 */
export async function* chat(request, signal) {
  const response = await ask('/v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  try {
    for await (const { data } of events(response.body)) {
      if (data === '[DONE]') return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Failure(chunk.error.message, { status: 200, code: chunk.error.code, param: chunk.error.param });
      yield chunk;
    }
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof Failure) throw error;
    throw new Failure('The connection was lost before the answer was complete.', { code: 'cut' });
  }
  throw new Failure('The stream ended before the answer was complete.', { code: 'cut' });
}

/** The live feed: an event a second, {event: 'live', data} or, while the cluster cannot be asked, {event: 'away', data: {message}}. */
export async function* live(signal) {
  const response = await ask('/console/live', { headers: { Accept: 'text/event-stream' }, signal });
  if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
    throw new Failure('This server has no live feed.', { status: 404 });
  }
  for await (const { event, data } of events(response.body)) {
    if (event === 'live' || event === 'away') yield { event, data: JSON.parse(data) };
  }
}
