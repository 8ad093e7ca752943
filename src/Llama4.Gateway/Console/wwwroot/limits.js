// What the server takes in one request, as /v1/models says it. A server that says nothing is left to refuse by itself.
const UNSAID = { body_bytes: Infinity, text_bytes: Infinity, pictures: Infinity, picture_bytes: Infinity };

let limits = UNSAID;

/** @param models what /v1/models lists; limits are the server's, and the same for each of its models */
export function takeLimits(models) {
  limits = { ...UNSAID, ...models[0]?.limits };
}

/** Why a file cannot join a question's pictures, or null. `bytes` are the sizes of those that are there. */
export function refusalOfPicture(file, bytes) {
  const name = file.name || 'This picture';
  if (limits.pictures === 0) return 'This model takes no pictures.';
  if (bytes.length >= limits.pictures) return `A question may have ${limits.pictures} pictures.`;
  if (file.size > limits.picture_bytes) return `A picture may have ${mib(limits.picture_bytes)}; ${name} has ${mib(file.size)}.`;
  const chars = [...bytes, file.size].reduce((sum, size) => sum + base64Chars(size), 0);
  return chars > limits.body_bytes
    ? `A request may have ${mib(limits.body_bytes)}; with ${name} the pictures of this question would have ${mib(chars)}, as they are sent.`
    : null;
}

/** Why a dialog cannot be sent, or null. */
export function refusalOfRequest(request) {
  const urls = request.messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).map(part => part.image_url?.url).filter(Boolean);
  if (urls.length > limits.pictures) return `This dialog has ${urls.length} pictures, and a request may have ${limits.pictures}. Start a new conversation.`;
  const bytes = new Blob([JSON.stringify(request)]).size;
  if (bytes > limits.body_bytes) {
    return `This dialog has ${mib(bytes)} with its pictures, and a request may have ${mib(limits.body_bytes)}. Start a new conversation, or send fewer or smaller pictures.`;
  }
  const text = bytes - urls.reduce((sum, url) => sum + url.length, 0);
  return text > limits.text_bytes ? `This dialog has ${mib(text)} of text, and a request may have ${mib(limits.text_bytes)}. Start a new conversation.` : null;
}

const base64Chars = bytes => 4 * Math.ceil(bytes / 3);

const mib = bytes => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
