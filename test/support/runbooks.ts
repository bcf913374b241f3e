import { readdirSync } from 'node:fs';
import { text } from '../deploy/repository.ts';
import type { Files } from './mounted-folder.ts';

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

/**
 * What the Secrets hold that a page has made below a heading, one after the other, as mounted files.
 *
 * @param contents of the files that the commands name
 */
export function secrets(page: Runbook, heading: string, contents: Readonly<Record<string, string>>): Files[] {
  const made = fenced(page, 'sh', heading).filter((line) => line.includes(' create secret '));
  return made.map((line) => {
    const files = [...line.matchAll(/--from-file=(\S+)/g)].map(([, name = '']) => {
      const content = contents[name];
      if (content === undefined) throw new Error(`nobody has made ${name}: ${line}`);
      return [name, content] as const;
    });
    const literals = [...line.matchAll(/--from-literal=(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    return Object.fromEntries([...files, ...literals]) as Files;
  });
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
