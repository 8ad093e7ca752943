// An answer's text on the page. Blocks that did not change keep their elements, so that a stream repaints only its end.
import { h } from './dom.js';
import { blocksOf, cellsOf, linesOf, listItems, spansOf } from './markdown.js';

const TAGS = { code: 'code', strong: 'strong', em: 'em', del: 'del' };

export class Prose {
  constructor(element) {
    this.element = element;
    this.shown = [];
  }

  /**
   * @param {string} source the answer so far
   * @param {(at: number) => number} tokenAt index of the token a character belongs to, -1 for none
   */
  show(source, tokenAt) {
    const blocks = blocksOf(linesOf(source));
    const shown = blocks.map((block, i) => {
      const key = `${block.kind}:${block.start}:${block.isOpen}:${tokenAt(block.start)}:${tokenAt(block.end - 1)}:${source.slice(block.start, block.end)}`;
      return this.shown[i]?.key === key ? this.shown[i] : { key, node: blockNode(block, tokenAt) };
    });
    shown.forEach(({ node }, i) => {
      const old = this.shown[i]?.node;
      if (!old) this.element.append(node);
      else if (old !== node) old.replaceWith(node);
    });
    this.shown.slice(shown.length).forEach(({ node }) => node.remove());
    this.shown = shown;
  }
}

function blockNode(block, tokenAt) {
  switch (block.kind) {
    case 'code': return codeNode(block, tokenAt);
    case 'heading': return h(`h${Math.min(6, block.level + 2)}`, {}, runNodes(block.lines, tokenAt));
    case 'rule': return h('hr');
    case 'quote': return h('blockquote', {}, nested(block.lines, tokenAt));
    case 'list': return listNode(block.lines, tokenAt);
    case 'table': return tableNode(block.lines, tokenAt);
    default: return h('p', {}, runNodes(block.lines, tokenAt));
  }
}

const nested = (lines, tokenAt) => blocksOf(lines).map(block => blockNode(block, tokenAt));

function codeNode(block, tokenAt) {
  const text = block.lines.map(line => line.text).join('\n');
  const copy = h('button', { type: 'button', class: 'quiet', onclick: () => copyText(text, copy) }, 'Copy');
  return h('figure', { class: 'code' },
    h('figcaption', {}, h('span', {}, block.language || 'code'), copy),
    h('pre', { tabIndex: 0, 'aria-label': `${block.language || ''} code`.trim() }, h('code', {}, textNodes(...runOf(block.lines), tokenAt))));
}

function listNode(lines, tokenAt) {
  const items = listItems(lines);
  const props = items[0].ordered && items[0].number !== 1 ? { start: items[0].number } : {};
  return h(items[0].ordered ? 'ol' : 'ul', props, items.map(item => {
    const blocks = blocksOf(item.lines);
    const isTight = blocks[0]?.kind === 'text';
    return h('li', {}, blocks.map((block, i) => (i === 0 && isTight ? runNodes(block.lines, tokenAt) : blockNode(block, tokenAt))));
  }));
}

function tableNode(lines, tokenAt) {
  const row = (line, tag) => h('tr', {}, cellsOf(line).map(cell => h(tag, tag === 'th' ? { scope: 'col' } : {}, runNodes([cell], tokenAt))));
  return h('div', { class: 'table', tabIndex: 0, role: 'region', 'aria-label': 'Table' },
    h('table', {}, h('thead', {}, row(lines[0], 'th')), h('tbody', {}, lines.slice(2).map(line => row(line, 'td')))));
}

/** Lines as one run: its text, and for each character its place in the source. */
function runOf(lines) {
  const text = lines.map(line => line.text).join('\n');
  const places = new Array(text.length);
  let at = 0;
  for (const line of lines) {
    for (let i = 0; i <= line.text.length && at < text.length; i++) places[at++] = line.start + i;
  }
  return [text, places];
}

function runNodes(lines, tokenAt) {
  const [text, places] = runOf(lines);
  const nodes = spans => spans.map(span => {
    if (span.kind === 'text') return textNodes(text.slice(span.from, span.to), places.slice(span.from, span.to), tokenAt);
    if (span.kind === 'link') return h('a', { href: span.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, nodes(span.children));
    return h(TAGS[span.kind], {}, nodes(span.children));
  });
  return nodes(spansOf(text));
}

/** Text cut where its tokens meet; what belongs to no token stays bare. */
function textNodes(text, places, tokenAt) {
  const nodes = [];
  for (let from = 0; from < text.length;) {
    const token = tokenAt(places[from]);
    let to = from + 1;
    while (to < text.length && tokenAt(places[to]) === token) to++;
    const piece = text.slice(from, to);
    nodes.push(token < 0 ? document.createTextNode(piece) : h('span', { class: 'tok', dataset: { token } }, piece));
    from = to;
  }
  return nodes;
}

export async function copyText(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    if (label) button.textContent = 'Copied';
    button.dataset.done = '';
  } catch {
    if (label) button.textContent = 'Not allowed'; // no permission, or a page that came over plain http from elsewhere
  }
  setTimeout(() => {
    if (label) button.textContent = label;
    delete button.dataset.done;
  }, 1500);
}
