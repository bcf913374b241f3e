import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a member of the service says of itself, set by hand. */
export interface StatusPage {
  readonly url: string;
  hold: { readonly reason: string } | null;
}

/** Serves `/status` until the test ends. */
export async function statusPage(): Promise<StatusPage> {
  const page: { hold: StatusPage['hold'] } = { hold: null };
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/status' ? 200 : 404;
    response.end(JSON.stringify({ member: {}, hold: page.hold }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return Object.assign(page, { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
}
