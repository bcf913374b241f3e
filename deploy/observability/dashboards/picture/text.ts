/** As it may stand in SVG. */
export function escaped(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** No longer than this many letters. */
export function cut(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

const SIZES: readonly (readonly [from: number, sign: string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A number in its unit, much as Grafana writes it. */
export function written(value: number, unit: string): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '–';
  switch (unit) {
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 's':
      return duration(value);
    case 'bytes':
      return `${short(value / 2 ** 20)} MiB`;
    case 'cps':
    case 'reqps':
      return `${sized(value)}/s`;
    default:
      return sized(value);
  }
}

function sized(value: number): string {
  const [from, sign] = SIZES.find(([from]) => Math.abs(value) >= from) ?? [1, ''];
  return `${short(value / from)}${sign}`;
}

function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1) return `${short(seconds * 1_000)} ms`;
  if (size < 120) return `${short(seconds)} s`;
  if (size < 7_200) return `${short(seconds / 60)} min`;
  return size < 172_800 ? `${short(seconds / 3_600)} h` : `${short(seconds / 86_400)} d`;
}

/** At most three digits that count. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
