import { open } from 'node:fs/promises';
import { inject } from 'vitest';

/** Writes `to` over every `from` in what the shared broker keeps of a partition, as a disk might that is going to die. */
export async function overwrite(topic: string, partition: number, from: string, to: string): Promise<void> {
  const path = `${inject('dataFolder')}/${topic}-${partition}/00000000000000000000.log`;
  const file = await open(path, 'r+');
  try {
    const bytes = await file.readFile();
    let found = 0;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1), found += 1) {
      await file.write(to, at, 'latin1');
    }
    if (found === 0 || from.length !== to.length) throw new Error(`${path} holds no ${from} to become ${to}`);
  } finally {
    await file.close();
  }
}
