import { readFileSync } from 'node:fs';

const DOCKERFILE = new URL('../Dockerfile', import.meta.url);

/** How the image sets up Node, for processes that are to run as in it. Throws where the Dockerfile says it otherwise. */
export function imageEnvironment(): Readonly<
  Record<'NODE_OPTIONS' | 'MALLOC_ARENA_MAX' | 'UV_THREADPOOL_SIZE', string>
> {
  const dockerfile = readFileSync(DOCKERFILE, 'utf8');
  const value = (name: string): string => {
    const [, quoted, bare] = new RegExp(`^(?:ENV|\\s)\\s*${name}=(?:"([^"]*)"|(\\S+))`, 'm').exec(dockerfile) ?? [];
    const found = quoted ?? bare;
    if (found === undefined) throw new Error(`deploy/Dockerfile does not set ${name}`);
    return found;
  };
  return {
    NODE_OPTIONS: value('NODE_OPTIONS'),
    MALLOC_ARENA_MAX: value('MALLOC_ARENA_MAX'),
    UV_THREADPOOL_SIZE: value('UV_THREADPOOL_SIZE'),
  };
}
