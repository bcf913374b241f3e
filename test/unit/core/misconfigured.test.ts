import { describe, expect, test } from 'vitest';
import { collecting, Misconfigured } from '../../../src/core/misconfigured.ts';

function failing(error: Error): () => never {
  return () => {
    throw error;
  };
}

test('what cannot work as it is configured says every problem on a line of its own', () => {
  const error = new Misconfigured(['KAFKA_BROKERS: is missing', 'GATEWAY_URL: is no https URL']);
  expect(String(error)).toBe('Misconfigured: KAFKA_BROKERS: is missing\nGATEWAY_URL: is no https URL');
  expect(error.problems).toEqual(['KAFKA_BROKERS: is missing', 'GATEWAY_URL: is no https URL']);
});

describe('reading all that there is before anything is told', () => {
  test('gives what can be read, and notes no problem', () => {
    const problems: string[] = [];
    expect(collecting(problems, () => 'read')).toBe('read');
    expect(problems).toEqual([]);
  });

  test('notes the problems of each part that cannot be read, beside those that are known', () => {
    const problems = ['the first'];
    expect(collecting<string>(problems, failing(new Misconfigured(['the second', 'the third'])))).toBeUndefined();
    expect(collecting<string>(problems, failing(new Misconfigured(['the fourth'])))).toBeUndefined();
    expect(problems).toEqual(['the first', 'the second', 'the third', 'the fourth']);
  });

  test('takes no fault of ours for a setting to be mended', () => {
    const problems: string[] = [];
    expect(() => collecting(problems, failing(new RangeError('out of range')))).toThrow(RangeError);
    expect(problems).toEqual([]);
  });
});
