import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../src/http/on-abort.ts';

describe('a signal that many wait for', () => {
  it('calls each of them once, and none that waits no longer', () => {
    const ending = new AbortController();
    const called: number[] = [];
    const waits = [0, 1, 2, 3].map((number) => onAbort(ending.signal, () => called.push(number)));
    waits[1]?.();
    ending.abort();
    ending.abort();
    expect(called).toEqual([0, 2, 3]);
  });

  it('calls none that another one called back makes wait no longer', () => {
    const ending = new AbortController();
    const called: string[] = [];
    onAbort(ending.signal, () => {
      called.push('first');
      forget();
    });
    const forget = onAbort(ending.signal, () => called.push('second'));
    ending.abort();
    expect(called).toEqual(['first']);
  });

  it('has one listener, whoever comes and goes', () => {
    const { signal } = new AbortController();
    for (let waited = 0; waited < 100; waited += 1) onAbort(signal, () => undefined)();
    onAbort(signal, () => undefined);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });
});
