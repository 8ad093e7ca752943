// Elements are made here and only here: text goes in as text nodes, never as markup.

export const $ = id => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'path', 'circle', 'rect', 'polyline', 'line', 'g']);

/**
 * An element. Keys of `props`: `on…` are listeners, `class`, `dataset`, `vars` (CSS custom properties),
 * known properties of the element, everything else attributes; false, null and undefined are left out.
 */
export function h(tag, props = {}, ...children) {
  const isSvg = SVG_TAGS.has(tag);
  const element = isSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.setAttribute('class', value);
    else if (key === 'dataset') Object.assign(element.dataset, value);
    else if (key === 'vars') for (const [name, of] of Object.entries(value)) element.style.setProperty(name, of);
    else if (!isSvg && key in element && !key.startsWith('aria') && key !== 'list' && key !== 'form') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of 20 x 20 from path data. */
export const icon = d => h('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, h('path', { d }));

export const ICONS = {
  again: 'M15.5 8A6 6 0 1 0 16 11.5M16 4v4h-4',
  copy: 'M7 7V4.5A1.5 1.5 0 0 1 8.500 3h7A1.5 1.500 0 0 1 17 4.500v7a1.500 1.500 0 0 1-1.500 1.500H13M4.500 7h7A1.500 1.500 0 0 1 13 8.500v7a1.500 1.500 0 0 1-1.500 1.500h-7A1.500 1.500 0 0 1 3 15.500v-7A1.500 1.500 0 0 1 4.500 7z',
  edit: 'M4 16l.7-3.200L13 4.500l2.500 2.500-8.300 8.300L4 16z',
  path: 'M4 4v3a3 3 0 0 0 3 3h6a3 3 0 0 1 3 3v3M4 4h.01M10 10h.01M16 16h.01',
  close: 'M5 5l10 10M15 5L5 15',
  wrench: 'M12.500 3.500a4 4 0 0 0-4.600 5.300L3.500 13.200l3.300 3.300 4.400-4.400a4 4 0 0 0 5.300-4.600L14 10l-3-1-1-3z',
};

/** Moves `order` of children into a parent without touching those that stand right. */
export function arrange(parent, order) {
  order.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
  while (parent.childNodes.length > order.length) parent.lastChild.remove();
}

export const prefersReducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
