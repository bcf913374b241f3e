import { createInstruments, measureProcess } from '../../src/ops/instruments.ts';
import { text } from '../deploy/repository.ts';
import { RULES } from './prometheus-rule.ts';

/** Metrics that Prometheus itself makes. */
const OF_PROMETHEUS = ['up', 'ALERTS', 'scrape_samples_scraped'];
const WORDS = /^(sum|max|min|count|by|on|bool|and|or|unless|offset)$/;

/** Every metric that can be asked for: of the service, recorded by the rules, or of Prometheus. */
export function exposedNames(): ReadonlySet<string> {
  const { registry } = createInstruments(measureProcess, false);
  const metrics = registry.getMetricsAsArray() as unknown as readonly { name: string; type: string }[];
  const exposed = metrics.flatMap(({ name, type }) => {
    if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
    return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name];
  });
  const recorded = [...text(RULES).matchAll(/- record: (\S+)/g)].map(([, name = '']) => name);
  return new Set([...exposed, ...recorded, ...OF_PROMETHEUS]);
}

/** Names of metrics in an expression: what is left without labels, windows, texts, groupings, functions and words. */
export function metricNames(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|on) \([^)]*\)/g, '')
    .replace(/\boffset \w+/g, '');
  return (bare.match(/\b[a-zA-Z_][\w:]*\b(?!\s*\()/g) ?? []).filter((word) => !WORDS.test(word));
}
