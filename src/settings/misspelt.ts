import { SETTINGS, type SettingName } from './table.ts';

/** A line for each variable that is probably a misspelt setting; values are not looked at. */
export function configWarnings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .sort()
    .flatMap((name) => {
      const intended = intendedSetting(name);
      return intended === undefined ? [] : [`${name} is not a setting; did you mean ${intended}?`];
    });
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const PREFIXES = new Set(NAMES.map(prefix));

/**
 * The setting that a variable of one of our prefixes was probably meant to be: at most two letters off, or a secret not
 * given by file. `undefined` for a setting itself and for anything else.
 */
function intendedSetting(variable: string): SettingName | undefined {
  if (variable in SETTINGS || !PREFIXES.has(prefix(variable))) return undefined;
  const byFile = NAMES.find((name) => name === `${variable}_FILE`);
  const [nearest] = NAMES.map((name) => ({ name, distance: editDistance(variable, name) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance);
  return byFile ?? nearest?.name;
}

function prefix(name: string): string {
  return name.split('_', 1)[0] ?? name;
}

/** Letters to insert, remove or replace to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 0; line < a.length; line += 1) {
    const next = [line + 1];
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (row[column] ?? 0) + (a[line] === b[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
