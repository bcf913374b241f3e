import { expect, test } from 'vitest';
import { imageEnvironment } from '../../../deploy/local/image-environment.ts';
import { text } from '../../deploy/repository.ts';

test('what the image sets for Node is read from its Dockerfile', () => {
  const { NODE_OPTIONS, MALLOC_ARENA_MAX, UV_THREADPOOL_SIZE } = imageEnvironment();
  expect(NODE_OPTIONS).toMatch(/^--\S/);
  expect(text('deploy/Dockerfile')).toContain(`NODE_OPTIONS="${NODE_OPTIONS}"`);
  expect([MALLOC_ARENA_MAX, UV_THREADPOOL_SIZE].map(Number)).toEqual([2, 6]);
});
