// Server-sent events out of a fetch body: EventSource can neither POST nor carry a key.

const EVENT_CHARS_MAX = 8 << 20; // one event; past it the stream is not what we asked for

/** @returns {AsyncGenerator<{event: string, data: string}>} */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const parts = rest.split(/\r?\n\r?\n/);
      rest = parts.pop();
      if (rest.length > EVENT_CHARS_MAX) throw new Error('An event of the stream is too long.');
      for (const part of parts) {
        const found = parse(part);
        if (found) yield found;
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // lets the connection go when the caller stops in the middle
  }
}

function parse(part) {
  let event = 'message';
  const data = [];
  for (const line of part.split(/\r?\n/)) {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
    else if (line.startsWith('event:')) event = line.slice(6).trim();
  }
  return data.length ? { event, data: data.join('\n') } : null;
}
