import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The text of a file of the repository; `path` is relative to its root. */
export function text(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The content of a YAML file of the repository, anchors and merge keys resolved. */
export function yaml(path: string): unknown {
  return parse(text(path), { merge: true });
}
