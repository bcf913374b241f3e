import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';

const kafkajs = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };

describe('the one version whose inner parts are known', () => {
  const installed = kafkajs.version;
  afterEach(() => {
    kafkajs.version = installed;
    vi.resetModules();
  });

  test('is the one that is installed and pinned', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['kafkajs']).toBe(installed);
  });

  test.each(['2.2.3', '2.2.5', '2.3.0', '3.0.0', '2.2.4-beta.1'])('is refused as %s', async (version) => {
    vi.resetModules();
    kafkajs.version = version;
    await expect(import('../../../../src/kafka/kafkajs/private-parts.ts')).rejects.toThrow(
      `kafkajs ${version} is installed`,
    );
  });
});
