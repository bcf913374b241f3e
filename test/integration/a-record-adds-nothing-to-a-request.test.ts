import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { capturingProxy } from '../support/capturing-proxy.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { World } from '../support/world.ts';

const INJECTED = '\r\nInjected: yes\r\n\r\nPOST /elsewhere HTTP/1.1\r\n';
/** Everything a record can say, said in a way that would end a line of HTTP. */
const IDS = [
  'plain',
  `p${INJECTED}`,
  '\n',
  '\r',
  '\0',
  '\u2028',
  'ünïcödé',
  '${jndi:ldap://x}',
  '../../x',
  '%0d%0aInjected:%20yes',
];

test('whatever stands in key, headers, time and fields of an event, its requests have the same headers as any other', async () => {
  const world = await World.create({
    partitions: 1,
    topicConfig: { 'message.timestamp.after.max.ms': '9223372036854775807' },
    profile: { rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: { RETRY_DELAYS: '1s' },
  });
  const proxy = await capturingProxy(world.simulator.url, world.simulator.caFile);
  for (const [number, paymentId] of IDS.entries()) {
    const event = { ...sampleEvent(paymentId, false), paymentRequestId: paymentId };
    const result = { ...event.paymentResult, resultCode: `${paymentId}X`.slice(0, 64), resultMessage: INJECTED };
    await world.writeRaw(0, [
      {
        paymentId,
        key: `${number}${INJECTED}`,
        value: world.encode({ ...event, paymentResult: result }),
        headers: { [INJECTED]: INJECTED, 'client-id': 'FORGED', signature: 'FORGED', host: 'elsewhere' },
        timestamp: number % 2 === 0 ? 0 : Date.UTC(9999, 11, 31),
      },
    ]);
  }
  await world.start({ GATEWAY_URL: proxy.url });
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered, repeats]).toEqual([IDS, 0]);

  const requests = proxy.headers.filter(
    (headers) => headers['client-id'] === world.settings['GATEWAY_CLIENT_ID'] && 'host' in headers,
  );
  expect(requests).toHaveLength(2 * IDS.length);
  for (const { host, ...headers } of requests) {
    expect(host).toBe(new URL(proxy.url).host);
    expect(Object.keys(headers).sort()).toEqual([
      ...['client-id', 'connection', 'content-length', 'content-type', 'request-time', 'signature', 'user-agent'],
    ]);
  }
  expect(world.simulator.requests().map(({ verification }) => verification)).toEqual(requests.map(() => 'verified'));
});
