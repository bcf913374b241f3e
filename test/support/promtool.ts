import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fromDebian } from './debian.ts';

/** What Prometheus' own tool says, errors included; `input` goes to its standard input. */
export async function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; said: string }> {
  const tool = spawn(await fromDebian('prometheus', '/usr/bin/promtool'), args, { stdio: 'pipe' });
  tool.stdin.end(input);
  const [out, errors] = await Promise.all([text(tool.stdout), text(tool.stderr), once(tool, 'close')]);
  return { code: tool.exitCode, said: out + errors };
}
