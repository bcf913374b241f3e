import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { certificateAuthority, certificateFor, removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const TOKEN = 'agent-token-2b9f';

test('expired, self-signed and foreign certificates of the gateway: no request leaves, all are delivered once it is right', async () => {
  const [authority, stranger] = await Promise.all([certificateAuthority('ours'), certificateAuthority('stranger')]);
  const here = ['127.0.0.1'];
  const yesterday = new Date(Date.now() - 86_400_000);
  const wrong = {
    expired: await certificateFor(here, authority, yesterday),
    'self-signed': await certificateFor(here),
    'of an unknown authority': await certificateFor(here, stranger),
    'of another host': await certificateFor(['elsewhere.example'], authority),
  };
  const files = temporaryFolder({ 'ca.pem': authority.cert, token: TOKEN });
  const world = await World.create({ partitions: Object.keys(wrong).length });

  const right = await certificateFor(here, authority);
  const sockets = new Set<Duplex>();
  const seen: string[] = [];
  const ca = readFileSync(world.simulator.caFile);
  const server = createServer(right, (incoming, outgoing) => {
    seen.push(incoming.url ?? '');
    const { method, url = '', headers } = incoming;
    const onward = request(new URL(url, world.simulator.url), { method, headers, ca }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const show = (certificate: { key: string; cert: string }): void => {
    server.setSecureContext(certificate);
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    removeTemporaryFolders([files]);
  });

  const service = await world.start({
    GATEWAY_URL: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    GATEWAY_CA_FILE: join(files, 'ca.pem'),
    GATEWAY_AGENT_TOKEN_FILE: join(files, 'token'),
    OUTAGE_HOLD_AFTER: '0',
    LOG_LEVEL: 'trace',
  });
  await world.write(0, ['private-authority']);
  // Settled, not only seen: below, connections are cut.
  await world.settled();
  expect(world.simulator.requests()).toHaveLength(1);

  const refused = async (): Promise<number> => (await service.metric('notifier_no_result_total{reason="tls"}')) ?? 0;
  for (const [partition, [name, certificate]] of Object.entries(wrong).entries()) {
    show(certificate);
    const [before, received] = [await refused(), seen.length];
    await world.write(partition, [name]);
    await until(`a certificate ${name} to be refused`, async () => (await refused()) > before + 1);
    expect(seen.length, name).toBe(received);
  }
  expect(await world.records('dead-letter')).toEqual([]);
  const told = service.output + service.errors + (await service.get('/metrics')).body;
  for (const secret of [TOKEN, 'signature=', 'PRIVATE KEY']) expect(told).not.toContain(secret);

  show(right);
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
});
