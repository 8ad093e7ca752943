// Text of a model to elements: headings, lists, quotes, tables, code, emphasis, links. Never to markup, and never more than text
// where it is no markdown. Every character keeps its place in the source, so that a click on it finds its token.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)\s*$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const RULE = /^ {0,3}([-*_])( *\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$/;

/** A line: its text, and where in the source it begins. */
export function linesOf(source) {
  let start = 0;
  return source.split('\n').map(text => {
    const line = { text: text.replace(/\r$/, ''), start };
    start += text.length + 1;
    return line;
  });
}

/**
 * Cuts lines into blocks: {kind, lines, start, end, …}. A fence that was not closed yet is code to the end: so a stream shows it.
 */
export function blocksOf(lines) {
  const blocks = [];
  for (let i = 0; i < lines.length;) {
    const text = lines[i].text;
    const from = i;
    let block;
    const fence = FENCE.exec(text);
    if (text.trim() === '') {
      i++;
      continue;
    } else if (fence) {
      const close = new RegExp(`^ {0,3}${fence[1][0]}{${fence[1].length},}\\s*$`);
      for (i++; i < lines.length && !close.test(lines[i].text);) i++;
      block = { kind: 'code', language: fence[2], lines: lines.slice(from + 1, i), isOpen: i >= lines.length };
      i++;
    } else if (HEADING.test(text)) {
      block = { kind: 'heading', level: HEADING.exec(text)[1].length, lines: [behind(lines[i], text.length - HEADING.exec(text)[2].length)] };
      i++;
    } else if (RULE.test(text)) {
      block = { kind: 'rule', lines: [] };
      i++;
    } else if (QUOTE.test(text)) {
      for (; i < lines.length && QUOTE.test(lines[i].text);) i++;
      block = { kind: 'quote', lines: lines.slice(from, i).map(line => behind(line, line.text.length - QUOTE.exec(line.text)[1].length)) };
    } else if (ITEM.test(text)) {
      for (i++; i < lines.length && continuesList(lines, i);) i++;
      block = { kind: 'list', lines: lines.slice(from, i) };
    } else if (text.includes('|') && i + 1 < lines.length && TABLE_RULE.test(lines[i + 1].text)) {
      for (i += 2; i < lines.length && lines[i].text.includes('|');) i++;
      block = { kind: 'table', lines: lines.slice(from, i) };
    } else {
      for (i++; i < lines.length && !startsBlock(lines[i].text);) i++;
      block = { kind: 'text', lines: lines.slice(from, i) };
    }
    const last = lines[Math.min(i, lines.length) - 1];
    blocks.push({ ...block, start: lines[from].start, end: last.start + last.text.length });
  }
  return blocks;
}

export function listItems(lines) {
  const items = [];
  const base = ITEM.exec(lines[0].text)[1].length;
  for (const line of lines) {
    const found = ITEM.exec(line.text);
    if (found && found[1].length < base + 2) {
      items.push({ ordered: /\d/.test(found[2]), number: parseInt(found[2], 10), lines: [behind(line, line.text.length - found[3].length)] });
    } else {
      const indent = Math.min(line.text.length - line.text.trimStart().length, base + 4);
      items.at(-1).lines.push(behind(line, indent));
    }
  }
  return items;
}

/** Cells of a table's line, each a line of its own. */
export function cellsOf(line) {
  const cells = [];
  const outer = /^(\s*\|)?(.*?)(\|\s*)?$/.exec(line.text);
  let start = line.start + (outer[1]?.length ?? 0);
  for (const text of outer[2].split('|')) {
    const trimmed = text.trim();
    cells.push({ text: trimmed, start: start + (trimmed ? text.indexOf(trimmed) : 0) });
    start += text.length + 1;
  }
  return cells;
}

function behind(line, chars) {
  return { text: line.text.slice(chars), start: line.start + chars };
}

function startsBlock(text) {
  return text.trim() === '' || FENCE.test(text) || HEADING.test(text) || RULE.test(text) || QUOTE.test(text) || ITEM.test(text);
}

function continuesList(lines, i) {
  const text = lines[i].text;
  if (text.trim() === '') return i + 1 < lines.length && (ITEM.test(lines[i + 1].text) || /^ {2,}\S/.test(lines[i + 1].text));
  return ITEM.test(text) || /^\s{2,}\S/.test(text) || !startsBlock(text);
}

const INLINE = [
  { kind: 'code', pattern: /^(`+)([\s\S]*?[^`])\1(?!`)/, inner: 2, verbatim: true },
  { kind: 'strong', pattern: /^(\*\*|__)(?=\S)([\s\S]*?\S)\1/, inner: 2 },
  { kind: 'em', pattern: /^([*_])(?=[^\s*_])([\s\S]*?[^\s*_])\1(?!\w)/, inner: 2 },
  { kind: 'del', pattern: /^(~~)(?=\S)([\s\S]*?\S)\1/, inner: 2 },
  { kind: 'link', pattern: /^!?(\[)([^\]\n]{1,500})\]\(\s*<?(\S{1,2000}?)>?(?:\s+"[^"\n]*")?\s*\)/, inner: 2 },
  { kind: 'link', pattern: /^()(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])/, inner: 2, verbatim: true },
];
const MARKS = /[\\`*_~[!h]/g;
const DEPTH_MAX = 6;

/** Spans of one run of text: {kind: 'text'|'code'|…, from, to, children, href}; from and to count in the run. */
export function spansOf(text, from = 0, to = text.length, depth = 0) {
  const spans = [];
  let plain = from;
  const flush = end => end > plain && spans.push({ kind: 'text', from: plain, to: end });
  for (let i = from; i < to;) {
    MARKS.lastIndex = i;
    const mark = MARKS.exec(text);
    if (!mark || mark.index >= to) break;
    i = mark.index;
    if (text[i] === '\\' && i + 1 < to && /[\\`*_~[\]!#>|-]/.test(text[i + 1])) {
      flush(i);
      plain = i + 1;
      i += 2;
      continue;
    }
    const span = depth < DEPTH_MAX && spanAt(text, i, to, depth);
    if (span) {
      flush(i);
      spans.push(span);
      i = plain = span.end;
    } else {
      i++;
    }
  }
  flush(to);
  return spans;
}

function spanAt(text, i, to, depth) {
  const rest = text.slice(i, to);
  const isInWord = i > 0 && /\w/.test(text[i - 1]);
  for (const { kind, pattern, inner, verbatim } of INLINE) {
    const found = pattern.exec(rest);
    if (!found || (isInWord && (found[1] === '_' || found[1] === '__' || found[1] === ''))) continue;
    const at = i + (found[1] === '' ? 0 : rest.indexOf(found[inner], found[0].indexOf(found[1]) + found[1].length));
    const end = at + found[inner].length;
    const href = kind === 'link' ? safeHref(found[3] ?? found[2]) : null;
    if (kind === 'link' && !href) continue;
    return {
      kind, href, from: at, to: end, end: i + found[0].length,
      children: verbatim ? [{ kind: 'text', from: at, to: end }] : spansOf(text, at, end, depth + 1),
    };
  }
  return null;
}

function safeHref(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null; // relative addresses would point into this server
  }
}
