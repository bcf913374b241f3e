import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askService } from '../../../src/operate/service-status.ts';

const signal = new AbortController().signal;

async function serving(answer: { status?: number; body: string }): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/below/status' ? (answer.status ?? 200) : 404;
    response.end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/below/`;
}

test.each([
  ['holds', { body: '{"hold":{"reason":"KEY_NOT_FOUND","since":"2026"}}' }, { answered: 1, hold: 'KEY_NOT_FOUND' }],
  ['does not hold', { body: '{"hold":null}' }, { answered: 1, hold: undefined }],
  ['holds without a word', { body: '{"hold":{}}' }, { answered: 1, hold: 'for a reason it does not name' }],
  ['has no such page', { status: 404, body: '{}' }, { answered: 0, hold: undefined }],
  ['says something else', { body: 'hello' }, { answered: 0, hold: undefined }],
])('a member that %s', async (_, answer, expected) => {
  expect(await askService(await serving(answer), signal)).toEqual(expected);
});

test.each(['http://127.0.0.1:1', 'http://no-such-host.invalid:9464'])('nobody at %s', async (url) => {
  expect(await askService(url, signal)).toEqual({ answered: 0, hold: undefined });
});
