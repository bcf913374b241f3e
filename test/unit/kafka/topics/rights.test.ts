import { expect, test } from 'vitest';
import { lackedRights } from '../../../../src/kafka/topics/rights.ts';

test('each kind of topic needs what the service does with it', () => {
  const none = new Set<never>();
  expect(lackedRights('source', none)).toEqual(['READ']);
  expect(lackedRights('retry', none)).toEqual(['READ', 'WRITE']);
  expect(lackedRights('dead_letter', none)).toEqual(['WRITE']);
  expect(lackedRights('outcomes', none)).toEqual(['WRITE']);
  expect(lackedRights('retry', new Set(['READ', 'DESCRIBE']))).toEqual(['WRITE']);
  expect(lackedRights('retry', new Set(['READ', 'WRITE']))).toEqual([]);
});

test('where brokers do not say what is allowed, nothing is lacked', () => {
  expect(lackedRights('retry', undefined)).toEqual([]);
});
