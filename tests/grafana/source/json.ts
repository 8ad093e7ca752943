// JSON as one would write it by hand: what fits stays on one line.
const lineMax = 150;

function flat(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(flat).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${flat(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** `used`: characters of the line that are taken already. */
export function json(value: unknown, indent = '', used = indent.length): string {
  const line = flat(value);
  if (used + line.length <= lineMax || value === null || typeof value !== 'object') return line;
  const inner = `${indent} `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const parts = Array.isArray(value)
    ? value.map(part => inner + json(part, inner))
    : Object.entries(value).map(([key, member]) => {
      const head = `${inner}${JSON.stringify(key)}: `;
      return head + json(member, inner, head.length);
    });
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
