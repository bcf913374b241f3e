import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { METRICS, type MetricSpec } from '../../src/ops/metric-table.ts';
import type { Setting } from '../../src/settings/setting.ts';
import { SETTINGS } from '../../src/settings/table.ts';

/** The file that holds the generated tables. */
export const REFERENCE = fileURLToPath(new URL('../../docs/reference.md', import.meta.url));

/** The document with every generated part as the code has it now; the text around the markers stays. Throws without them. */
export function withTables(document: string): string {
  const parts = { settings: settingsTable(), metrics: metricsTable() };
  return Object.entries(parts).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(`docs/reference.md: put "${begin}" and "${end}" around the ${name} table`);
    return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
  }, document);
}

function settingsTable(): string {
  const settings: Readonly<Record<string, Setting<unknown>>> = SETTINGS;
  const rows = Object.entries(settings).map(([name, { absent, meaning }]) => [code(name), byDefault(absent), meaning]);
  return table(['Variable', 'Default', 'Meaning'], rows);
}

function byDefault(absent: Setting<unknown>['absent']): string {
  switch (absent.kind) {
    case 'default':
      return code(absent.text);
    case 'required':
      return 'required';
    case 'unset':
      return '–';
  }
}

function metricsTable(): string {
  const rows = Object.values<MetricSpec>(METRICS).map(({ name, type, labels, help }) => {
    const described = Object.entries(labels).map(([label, values]) => {
      return `${code(label)}: ${typeof values === 'string' ? values : values.join(', ')}`;
    });
    return [code(name), type, described.length === 0 ? '–' : described.join(' · '), help];
  });
  return table(['Metric', 'Type', 'Labels', 'Meaning'], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function main(check: boolean): void {
  const before = readFileSync(REFERENCE, 'utf8');
  const after = withTables(before);
  if (before === after) {
    console.log('docs/reference.md is up to date');
  } else if (check) {
    console.error('docs/reference.md differs from the code; run: npm run docs');
    process.exitCode = 1;
  } else {
    writeFileSync(REFERENCE, after);
    console.log('docs/reference.md written');
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.includes('--check'));
