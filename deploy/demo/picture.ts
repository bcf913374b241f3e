import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';

/**
 * Reads what a run of the demo printed on a terminal, colours included, and prints its last part, the books, as SVG:
 *
 *     script -qec "npm run -s demo" /dev/null | npx tsx deploy/demo/picture.ts > docs/demo.svg
 */

const FIRST_LINE = 'The books';
const [CHARACTER, LINE, MARGIN, TITLE] = [7.8, 18, 18, 34];
const DOTS = ['#ff5f57', '#febc2e', '#28c840'];
/** By the number that a terminal knows a style by, as `stage.ts` uses them. */
const STYLES: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold" fill="#ffffff"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#e3b341"',
  '90': 'fill="#8b949e"',
};
const UNSTYLED = new Set(['0', '22', '39']);

process.stdout.write(picture(await text(process.stdin)));

function picture(printed: string): string {
  const lines = printed.replaceAll('\r', '').trimEnd().split('\n');
  const shown = lines.slice(
    Math.max(
      0,
      lines.findIndex((line) => stripVTControlCharacters(line) === FIRST_LINE),
    ),
  );
  const columns = Math.max(...shown.map((line) => stripVTControlCharacters(line).length));
  const [width, height] = [Math.ceil(columns * CHARACTER) + 2 * MARGIN, shown.length * LINE + TITLE + MARGIN];
  const rows = shown.map((line, at) => {
    return `<text x="${MARGIN}" y="${TITLE + (at + 1) * LINE - 5}" xml:space="preserve">${spans(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="npm run demo">`,
    '<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3}</style>',
    `<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>`,
    ...DOTS.map((colour, at) => `<circle cx="${MARGIN + 6 + at * 20}" cy="18" r="6" fill="${colour}"/>`),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** A line's text, each styled part of it in a span of its own. */
function spans(line: string): string {
  let style: string | undefined;
  return line
    .split(/(\x1b\[[0-9;]*[A-Za-z])/)
    .map((part) => {
      const [, code] = /^\x1b\[([0-9;]*)[A-Za-z]$/.exec(part) ?? [];
      if (code === undefined) return style === undefined ? escaped(part) : `<tspan ${style}>${escaped(part)}</tspan>`;
      if (UNSTYLED.has(code)) style = undefined;
      else style = STYLES[code] ?? style;
      return '';
    })
    .join('');
}

function escaped(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
