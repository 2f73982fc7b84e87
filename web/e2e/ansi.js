/* eslint-disable no-control-regex -- a terminal's output is made of control characters */
// A terminal's screen, as tmux captures it with its colours, drawn as an HTML page.

const PALETTE = [
  '#1b1f2b',
  '#f7768e',
  '#9ece6a',
  '#e0af68',
  '#7aa2f7',
  '#bb9af7',
  '#56c8d8',
  '#c8cee3',
  '#626b88',
  '#ff8fa3',
  '#b5e08a',
  '#f2cc8c',
  '#9dbcff',
  '#d2b6ff',
  '#8be3ef',
  '#f2f4fb',
];
const [FOREGROUND, BACKGROUND] = ['#d7dcec', '#12151d'];
const CUBE = [0, 95, 135, 175, 215, 255];

/**
 * @typedef {{
 *   bold: boolean, dim: boolean, italic: boolean, underline: boolean, reverse: boolean,
 *   fg: string|null, bg: string|null,
 * }} Style
 */

/** @returns {Style} */
const plain = () => ({
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  reverse: false,
  fg: null,
  bg: null,
});

/** One of the 256 colours. @param {number} index */
function colour(index) {
  if (index < 16) return PALETTE[index];
  if (index >= 232) {
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join()})`;
  }
  const at = index - 16;
  return `rgb(${[Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((step) => CUBE[step]).join()})`;
}

/** @param {Style} style @param {number[]} codes @returns {Style} */
function restyle(style, codes) {
  const next = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) Object.assign(next, plain());
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.reverse = true;
    else if (code === 22) next.bold = next.dim = false;
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code === 27) next.reverse = false;
    else if (code === 39) next.fg = null;
    else if (code === 49) next.bg = null;
    else if (code >= 30 && code <= 37) next.fg = PALETTE[code - 30];
    else if (code >= 40 && code <= 47) next.bg = PALETTE[code - 40];
    else if (code >= 90 && code <= 97) next.fg = PALETTE[code - 82];
    else if (code >= 100 && code <= 107) next.bg = PALETTE[code - 92];
    else if (code === 38 || code === 48) {
      const indexed = codes[at + 1] === 5;
      next[code === 38 ? 'fg' : 'bg'] = indexed
        ? colour(codes[at + 2])
        : `rgb(${codes.slice(at + 2, at + 5).join()})`;
      at += indexed ? 2 : 4;
    }
  }
  return next;
}

/** @param {string} text */
const escape = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.codePointAt(0)};`);
const isWide = (/** @type {string} */ text) =>
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
    text,
  );

/** @param {string} text @param {Style} style @param {boolean} [cursor] */
function cell(text, { bold, dim, italic, underline, reverse, fg, bg }, cursor = false) {
  const [front, back] = reverse !== cursor ? [bg ?? BACKGROUND, fg ?? FOREGROUND] : [fg, bg];
  const css = [
    // Mixed rather than see-through: where lines of a box overlap, nothing shows.
    dim
      ? `color:color-mix(in srgb, ${front ?? FOREGROUND} 58%, ${BACKGROUND})`
      : front && `color:${front}`,
    back && `background:${back}`,
    bold && 'font-weight:700',
    italic && 'font-style:italic',
    underline && 'text-decoration:underline',
    isWide(text) && 'display:inline-block;width:2ch;height:1lh;vertical-align:top;overflow:hidden',
  ]
    .filter(Boolean)
    .join(';');
  return css ? `<span style="${css}">${escape(text)}</span>` : escape(text);
}

/**
 * @param {{ansi: string, columns: number, cursor: {x: number, y: number}}} picture
 * @param {string} title
 */
export function toHtml({ ansi, columns, cursor }, title) {
  let style = plain();
  const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const rows = ansi
    .replace(/\n$/, '')
    .split('\n')
    .map((row, y) => {
      let [html, x, run] = ['', 0, ''];
      const flush = () => {
        html += run && cell(run, style);
        run = '';
      };
      for (const part of row.split(/(\x1b\[[\d;:]*m|\x1b[()][A-Z0-9]|\x0e|\x0f)/)) {
        const codes = /^\x1b\[([\d;:]*)m$/.exec(part);
        if (codes) {
          flush();
          style = restyle(style, codes[1].split(/[;:]/).map(Number));
        } else if (!/^[\x1b\x0e\x0f]/.test(part)) {
          for (const { segment } of segments.segment(part)) {
            const here = y === cursor.y && x === cursor.x;
            if (here || isWide(segment)) {
              flush();
              html += cell(segment, style, here);
            } else run += segment;
            x += isWide(segment) ? 2 : 1;
          }
        }
      }
      flush();
      if (y === cursor.y && x <= cursor.x) {
        html += ' '.repeat(cursor.x - x) + cell(' ', plain(), true);
      }
      return html;
    });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: ${BACKGROUND}; display: inline-block; }
    header { position: relative; height: 36px; background: #1c202c; border-bottom: 1px solid #2a3040; font: 600 13px/36px "DejaVu Sans", system-ui, sans-serif; color: #98a1ba; text-align: center; }
    header i { position: absolute; top: 12px; width: 12px; height: 12px; border-radius: 50%; background: #3a4156; }
    pre { margin: 0; padding: 14px 18px 16px; width: ${columns}ch; color: ${FOREGROUND}; font: 15px/17px "DejaVu Sans Mono", Menlo, monospace, "Noto Color Emoji"; font-variant-ligatures: none; }
  </style><header><i style="left:16px"></i><i style="left:36px"></i><i style="left:56px"></i>${escape(title)}</header><pre>${rows.join('\n')}</pre>`;
}
