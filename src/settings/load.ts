import { Misconfigured } from '../core/misconfigured.ts';
import { contradictionsBetween } from './between-sections.ts';
import type { Rows, Section, Setting } from './setting.ts';
import { SECTION_NAMES, SECTIONS, type Config, type SectionName } from './table.ts';

/** Every section: what the service works with. Throws `Misconfigured` with every problem at once. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return loadSections(env, SECTION_NAMES);
}

/**
 * Reads these sections, and the files that they name; no other variable is looked at.
 *
 * @throws Misconfigured with every problem at once
 */
export function loadSections<S extends SectionName>(env: NodeJS.ProcessEnv, names: readonly S[]): Pick<Config, S> {
  const problems: string[] = [];
  const sections = names.map((name): [S, Section<Rows, unknown>] => [name, SECTIONS[name]]);
  const rows = sections.flatMap(([, section]) => Object.entries(section.rows));
  const values = Object.fromEntries(rows.map(([name, setting]) => [name, read(env, name, setting, problems)]));
  const given = (name: string): boolean => isSet(env, name);
  problems.push(...contradictionsBetween(values));
  for (const [, section] of sections) problems.push(...(section.contradictions?.(values, given) ?? []));
  if (problems.length > 0) throw new Misconfigured(problems);
  return Object.fromEntries(sections.map(([name, section]) => [name, section.make(values)])) as Pick<Config, S>;
}

function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return (env[name] ?? '') !== '';
}

function read(env: NodeJS.ProcessEnv, name: string, { schema, absent }: Setting<unknown>, problems: string[]): unknown {
  const text = isSet(env, name) ? env[name] : absent.kind === 'default' ? absent.text : undefined;
  if (text === undefined) {
    if (absent.kind === 'required') problems.push(`${name} is required and not set; set it to ${absent.example}`);
    return undefined;
  }
  const result = schema.safeParse(text);
  if (!result.success) problems.push(...result.error.issues.map(({ message }) => `${name}: ${message}`));
  return result.data;
}
