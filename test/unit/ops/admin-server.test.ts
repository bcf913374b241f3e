import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import {
  startAdminServer,
  type AdminServer,
  type AdminServerOptions,
  type Checks,
} from '../../../src/ops/admin-server.ts';
import { statusOf } from '../../support/status.ts';

const OK: Checks = { loop: { ok: true, detail: 'ticked 1 s ago' } };
const FAILING: Checks = { ...OK, broker: { ok: false, detail: 'no contact for 31 s' } };

const servers: AdminServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<AdminServerOptions> = {}): Promise<AdminServer> {
  const server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    checks: { live: () => OK, ready: () => FAILING, started: () => OK },
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'a_total 1\n' }),
    status: () => Promise.resolve(statusOf()),
    ...options,
  });
  servers.push(server);
  return server;
}

async function ask({ port }: AdminServer, path: string, method = 'GET', accept?: string) {
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path, method, headers: accept === undefined ? {} : { accept } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    },
  );
}

test('a probe is 200 when every check is, 503 when one is not, and names each', async () => {
  const server = await start();
  for (const path of ['/livez', '/startupz', '/livez?verbose']) {
    const { status, headers, body } = await ask(server, path);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(body)).toEqual({ status: 'ok', checks: OK });
  }
  const { status, body } = await ask(server, '/readyz');
  expect(status).toBe(503);
  expect(JSON.parse(body)).toEqual({ status: 'failing', checks: FAILING });
});

test('metrics come with their content type', async () => {
  const { status, headers, body } = await ask(await start(), '/metrics');
  expect([status, headers['content-type'], body]).toEqual([200, 'text/plain; version=0.0.4', 'a_total 1\n']);
});

test('the status is JSON for programs, and a page for browsers', async () => {
  const server = await start();
  const forPrograms = await ask(server, '/status');
  expect(forPrograms.headers).toMatchObject({ 'content-type': 'application/json', vary: 'accept' });
  expect(JSON.parse(forPrograms.body)).toEqual(statusOf());
  const forPeople = await ask(server, '/status', 'GET', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8');
  expect(forPeople.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  expect(forPeople.body).toMatch(/^<!doctype html>/);
});

test('HEAD is GET without the body', async () => {
  const { status, headers, body } = await ask(await start(), '/metrics', 'HEAD');
  expect([status, headers['content-length'], body]).toEqual([200, '10', '']);
});

test.each(['/', '/livez/', '/healthz', '/metrics/x', '//livez', '/%2e%2e/etc/passwd'])('%s is 404', async (path) => {
  expect(await ask(await start(), path)).toMatchObject({ status: 404 });
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is 405 and says what is allowed', async (method) => {
  const { status, headers } = await ask(await start(), '/livez', method);
  expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
});

test('a failure inside is 500 without its text, and the server lives on', async () => {
  const server = await start({
    checks: {
      live: () => OK,
      started: () => OK,
      ready: () => {
        throw new Error('inner');
      },
    },
    metrics: () => Promise.reject(new Error('inner')),
  });
  for (const path of ['/readyz', '/metrics']) {
    expect(await ask(server, path)).toMatchObject({ status: 500, body: 'failed\n' });
  }
  expect(await ask(server, '/livez')).toMatchObject({ status: 200 });
});

test('a port in use is told with the setting to change', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(
    `HTTP_PORT: 127.0.0.1:${String(port)} is in use; set HTTP_PORT to a free port, or 0 for any`,
  );
  await expect(start({ host: '192.0.2.1' })).rejects.toThrow('set HTTP_HOST to an address of this machine');
});

test('closing ends idle connections too', async () => {
  const server = await start();
  await ask(server, '/livez');
  await server.close();
  servers.splice(0);
  await expect(ask(server, '/livez')).rejects.toThrow();
});
