import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const HOST = fileURLToPath(new URL('../../../../src/cli/common/host.ts', import.meta.url));

/** In a process of its own, with a thread pool that works already; prints the priorities that its threads have afterwards. */
const GIVES_WAY = `
  import { randomBytes } from 'node:crypto';
  import { readdirSync } from 'node:fs';
  import { getPriority } from 'node:os';
  import { promisify } from 'node:util';
  import { thisProcess } from '${HOST}';

  await promisify(randomBytes)(16);
  thisProcess().giveWay();
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
  console.log(JSON.stringify([...new Set(threads.map((thread) => getPriority(thread)))]));
`;

test('who gives way does so with every thread, also with those that sign', () => {
  const printed = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', GIVES_WAY]);
  expect(JSON.parse(printed.toString())).toEqual([19]);
});
