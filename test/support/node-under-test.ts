import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../../deploy/local/setup-error.ts';

/**
 * A package of its own, not one of the root's: its command is called `node` and would take the place of the installed
 * Node in every script.
 */
const FOLDER = fileURLToPath(new URL('node-under-test/', import.meta.url));
const SHIPPED = `${FOLDER}node_modules/node-${process.platform}-${process.arch}/bin/node`;

/**
 * The Node that processes of the service run on: `NODE_UNDER_TEST` where that is set, else the one that the image ships,
 * else, where there is none for this platform, the one that runs the tests.
 */
export function nodeUnderTest(): string {
  return process.env['NODE_UNDER_TEST'] ?? (existsSync(SHIPPED) ? SHIPPED : process.execPath);
}

/** Its version, as it says itself: `v24.21.0`. */
export function nodeUnderTestVersion(): string {
  return execFileSync(nodeUnderTest(), ['--version'], { encoding: 'utf8' }).trim();
}

/**
 * Installs the Node that the image ships, unless it is there or another one is asked for.
 *
 * @throws SetupError where it cannot be had though it is published for this platform
 */
export function installNodeUnderTest(): void {
  if (process.env['NODE_UNDER_TEST'] !== undefined || !isPublished() || isInstalled()) return;
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: FOLDER, stdio: 'pipe' });
  } catch (cause) {
    throw new SetupError(
      'The Node that the image ships could not be installed: the service is tested on it.',
      'Let "npm ci" work in test/support/node-under-test, or set NODE_UNDER_TEST to a Node that is to be used instead.',
      { cause },
    );
  }
}

function isPublished(): boolean {
  const { optionalDependencies } = JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return `node-${process.platform}-${process.arch}` in optionalDependencies;
}

function isInstalled(): boolean {
  const installed = `${FOLDER}node_modules/.package-lock.json`;
  return (
    existsSync(SHIPPED) &&
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(`${FOLDER}package-lock.json`).mtimeMs
  );
}
