import { readdirSync } from 'node:fs';
import { text } from '../deploy/repository.ts';

const FOLDER = 'deploy/runbooks';

/** A page for operators. */
export interface Runbook {
  /** Of the file, without `.md`. */
  readonly name: string;
  readonly text: string;
}

/** One of them by name. */
export function runbook(name: string): Runbook {
  return { name, text: text(`${FOLDER}/${name}.md`) };
}

/** All of them. */
export function runbooks(): readonly Runbook[] {
  return readdirSync(new URL(`../../${FOLDER}`, import.meta.url)).map((file) => runbook(file.replace(/\.md$/, '')));
}

/** The lines of all blocks of a language, such as `sh`, below a heading, or in the whole page. */
export function fenced({ text }: Runbook, language: string, heading?: string): string[] {
  const part = heading === undefined ? text : section(text, heading);
  const blocks = [...part.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  return blocks.flatMap(([, block = '']) => block.trimEnd().split('\n'));
}

/** Headings of the second level, in their order. */
export function headings({ text }: Runbook): string[] {
  return [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
}

/** What stands below a heading of the second level that begins like this, up to the next one. */
function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(heading));
  if (found === undefined) throw new Error(`no section "${heading}"`);
  return found;
}
