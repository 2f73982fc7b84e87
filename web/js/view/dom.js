// Small tools to make elements. Text reaches the page as text nodes only, never as markup.

/** @typedef {HTMLElementEventMap} Events */
/** @typedef {{[K in keyof Events]?: (event: Events[K]) => void}} Listeners */
/**
 * Attributes, and listeners by event under `on`. An attribute that is `true` is set bare; one that
 * is `false`, `null` or `undefined` is left out.
 * @typedef {{[name: string]: unknown, on?: Listeners}} Props
 */

/**
 * Makes an element. A child that is `false`, `null` or `undefined` is left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, { on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [event, listener] of Object.entries(on)) {
    node.addEventListener(event, /** @type {EventListener} */ (listener));
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

/**
 * Makes a button.
 * @param {string} className
 * @param {() => void} click
 * @param {...(Node|string|null|false)} children
 */
export const button = (className, click, ...children) =>
  el('button', { type: 'button', class: className, on: { click } }, ...children);

/**
 * Makes a button that shows an icon, and its name as a tooltip.
 * @param {string} className
 * @param {string} name
 * @param {string} sign
 * @param {() => void} click
 */
export function iconButton(className, name, sign, click) {
  const node = button(className, click, icon(sign));
  node.title = name;
  node.setAttribute('aria-label', name);
  return node;
}

/** The address of a file beside the page's icon, of the same version. @param {string} name */
export function asset(name) {
  const icon = /** @type {HTMLLinkElement|null} */ (document.querySelector('link[rel="icon"]'));
  return new URL(name, icon?.href ?? location.href).pathname;
}

const SVG = 'http://www.w3.org/2000/svg';
/** @type {Record<string, string>} */
const ICONS = {
  send: 'M4 12 20 4l-5.5 16-3-6.5zM11.5 13.5 20 4',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6' +
    'M16 4.5a3.5 3.5 0 0 1 0 6.3M18 14.3c2.1.8 3.5 2.7 3.5 5.7',
  menu: 'M4 7h16M4 12h16M4 17h10',
  leave: 'M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9',
  down: 'M12 5v14M6 13l6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c1.8 2.4 5.2 2.4 7 0M9 9.5v.5M15 9.5v.5',
  reply: 'M9 6 4 11l5 5M4 11h9c4 0 7 2.5 7 7',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  plus: 'M12 5v14M5 12h14',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  at: 'M16 12a4 4 0 1 0-8 0 4 4 0 0 0 8 0zm0 0v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-4 7.5',
  hash: 'M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16',
};

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  return svg;
}

/** The sign of a kind of room. @param {string} kind */
export function kindIcon(kind) {
  return icon({ direct: 'at', private: 'lock' }[kind] ?? 'hash');
}

/**
 * Changes an element's text if it differs, so that an equal text is neither announced nor laid out
 * again.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const HIDDEN_TAB_MS = 200;

/**
 * Joins many calls into one before the next paint. A hidden tab paints nothing, so a timer runs the
 * call there.
 * @param {() => void} run
 */
export function onNextPaint(run) {
  let waiting = false;
  const go = () => {
    if (!waiting) return;
    waiting = false;
    run();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(go);
    setTimeout(go, HIDDEN_TAB_MS);
  };
}
