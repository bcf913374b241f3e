import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';

/** What passed between the service and the gateway. */
export interface CapturingProxy {
  /** Plain http on the loopback, which the service takes for a gateway. */
  readonly url: string;
  /** Headers of every request and of every answer. */
  readonly headers: IncomingHttpHeaders[];
}

/** Stands before a gateway until the test ends and keeps all headers; what breaks behind it breaks before it. */
export async function capturingProxy(target: string, caFile: string): Promise<CapturingProxy> {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers: sent } = incoming;
    headers.push(sent);
    const onward = request(new URL(url ?? '/', target), { method, headers: sent, agent }, (answer) => {
      headers.push(answer.headers);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing).catch(() => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    agent.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headers };
}
