import { expect, test } from 'vitest';
import { imageEnvironment } from '../../support/image-environment.ts';
import { text } from '../../deploy/repository.ts';

test('what the image sets for Node is read from its Dockerfile', () => {
  const { NODE_OPTIONS, UV_THREADPOOL_SIZE } = imageEnvironment();
  expect(NODE_OPTIONS).toMatch(/^--\S/);
  expect(text('deploy/Dockerfile')).toContain(`NODE_OPTIONS="${NODE_OPTIONS}"`);
  expect(Number(UV_THREADPOOL_SIZE)).toBeGreaterThan(0);
});
