import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { prepareDistribution } from './class-data.ts';
import { killAtExit } from './java.ts';
import { KAFKA, LOCAL, LOCK, MAVEN, POM, REGISTRY, STAMP } from './layout.ts';
import { withLock } from './lock.ts';
import { clearLeftOvers, removeFolder } from './run-folders.ts';
import { SetupError } from './setup-error.ts';

/** Fetches Kafka and the registry, unless they are there already as `pom.xml` names them. One process fetches, others wait. */
export async function fetchDistribution(): Promise<void> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex');
  if (await isComplete(hash)) return;
  await mkdir(LOCAL, { recursive: true });
  await withLock(LOCK, async () => {
    if (await isComplete(hash)) return;
    await clearLeftOvers();
    await Promise.all([STAMP, KAFKA.folder, REGISTRY.folder, MAVEN].map(removeFolder));
    await runMaven();
    await prepareDistribution();
    await writeFile(STAMP, hash);
  });
}

async function isComplete(hash: string): Promise<boolean> {
  return (await readFile(STAMP, 'utf8').catch(() => '')) === hash;
}

async function runMaven(): Promise<void> {
  const child = spawn('mvn', ['-B', '-q', '-Dstyle.color=never', '-f', POM, 'package'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', (error) => reject(mavenMissing(error)));
  });
  const [code, ...output] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw mavenFailed(output.join(''));
}

function mavenMissing(cause: Error): SetupError {
  return new SetupError(
    'Maven (mvn) is missing: it fetches Kafka and the schema registry.',
    'Install it, e.g. "apt-get install maven" or "brew install maven", or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL.',
    { cause },
  );
}

function mavenFailed(output: string): SetupError {
  const reason = /\[ERROR\] (\S.*)/.exec(output)?.[1] ?? 'it gave no reason';
  return new SetupError(
    `Maven could not fetch Kafka and the schema registry: ${reason}`,
    'Check the network and the mirrors in your Maven settings, then try: mvn -f deploy/local/pom.xml package',
  );
}
