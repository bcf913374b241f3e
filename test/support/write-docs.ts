import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dashboardText } from '../../deploy/observability/dashboards/dashboard.ts';
import { DASHBOARDS } from '../../deploy/observability/dashboards/all.ts';
import { LOG_EVENTS, type LogEventSpec } from '../../src/ops/log-table.ts';
import { METRICS, type MetricSpec } from '../../src/ops/metric-table.ts';
import type { Setting } from '../../src/settings/setting.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { decisionRecords } from './decisions.ts';
import { prometheusRule, PROMETHEUS_RULE, RULES } from './prometheus-rule.ts';

/** A document, and what writes each of its generated parts. */
interface Generated {
  readonly file: string;
  readonly parts: Readonly<Record<string, () => string>>;
}

/** The documents with generated parts, paths as in the repository. */
export const DOCUMENTS = {
  reference: {
    file: 'docs/reference.md',
    parts: { settings: settingsTable, metrics: metricsTable, 'log events': logTable },
  },
  decisions: { file: 'docs/decisions/README.md', parts: { decisions: decisionsTable } },
} satisfies Readonly<Record<string, Generated>>;

/** The text with every generated part as the code has it now; what stands around the markers stays. Throws without them. */
export function withParts(document: string, { file, parts }: Generated): string {
  return Object.entries(parts).reduce((text, [name, write]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${file}: put "${begin}" and "${end}" around the ${name} table`);
    return `${text.slice(0, from + begin.length)}\n\n${write()}\n\n${text.slice(to)}`;
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

function logTable(): string {
  const rows = Object.entries<LogEventSpec>(LOG_EVENTS).map(([event, { levels, meaning, fields, remedy }]) => {
    return [code(event), levels.join(', '), meaning, fields.map(code).join(' '), remedies(remedy)];
  });
  return table(['Event', 'Level', 'Meaning', 'Fields', 'What to do'], rows);
}

function remedies(remedy: LogEventSpec['remedy']): string {
  if (typeof remedy === 'string') return remedy;
  return Object.entries(remedy)
    .map(([of, text]) => `${code(of)}: ${text}`)
    .join(' · ');
}

function decisionsTable(): string {
  const rows = decisionRecords().map(({ file, title }) => [`[${file.slice(0, 4)}](${file})`, title]);
  return table(['', 'Rule'], rows);
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
  for (const document of Object.values<Generated>(DOCUMENTS)) {
    bring(document.file, (before) => withParts(before, document), check);
  }
  bring(PROMETHEUS_RULE, () => prometheusRule(readFileSync(RULES, 'utf8')), check);
  for (const [name, model] of Object.entries(DASHBOARDS)) {
    bring(`deploy/observability/dashboards/${name}.json`, () => dashboardText(model), check);
  }
}

/** Writes a file as it should be now, or, where it is only checked, says that it is not. */
function bring(file: string, write: (before: string) => string, check: boolean): void {
  const before = readFileSync(file, 'utf8');
  const after = write(before);
  if (before === after) {
    console.log(`${file} is up to date`);
  } else if (check) {
    console.error(`${file} differs from its source; run: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    console.log(`${file} written`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.includes('--check'));
