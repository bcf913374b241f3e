import { type Browser, chromium } from 'playwright-core';
import { programFromDebian } from './debian.ts';

/** A real browser without a window; the caller closes it. */
export async function startBrowser(): Promise<Browser> {
  const { file, libraryPath } = await programFromDebian(
    'chromium-headless-shell',
    '/usr/lib/chromium/chromium-headless-shell',
  );
  return chromium.launch({
    executablePath: file,
    env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: libraryPath },
    timeout: 120_000,
  });
}
