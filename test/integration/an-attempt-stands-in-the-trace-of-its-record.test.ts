import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { capturingProxy } from '../support/capturing-proxy.ts';
import { command } from '../support/command.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { World } from '../support/world.ts';

const PRELOAD = new URL('../support/preload/opentelemetry-sdk.mjs', import.meta.url);
const PARENT = '00f067aa0ba902b7';
const HOSTILE = '00-<script>hunter2</script>-00f067aa0ba902b7-01';

/** Each payment, with the trace that its record names. */
const TRACES = {
  GOOD: '4bf92f3577b34da6a3ce929d0e0e4736',
  LATER: '0af7651916cd43dd8448eb211c80319c',
  REFUSED: 'a3ce929d0e0e47364bf92f3577b34da6',
};

interface Told {
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

test('with an SDK loaded, log, spans and exemplars name it; records keep their headers, and requests gain none', async () => {
  const world = await World.create({
    partitions: 1,
    profile: {
      rules: [
        { when: { paymentId: 'LATER', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
        { when: { paymentId: 'REFUSED' }, answer: { code: 'PROCESS_FAIL' } },
      ],
    },
    settings: { RETRY_DELAYS: '1s' },
  });
  const proxy = await capturingProxy(world.simulator.url, world.simulator.caFile);
  const folder = temporaryFolder({ spans: '' });
  onTestFinished(() => removeTemporaryFolders([folder]));
  const traceparents = {
    ...Object.fromEntries(Object.entries(TRACES).map(([id, traceId]) => [id, `00-${traceId}-${PARENT}-01`])),
    HOSTILE,
    NONE: undefined,
  };
  for (const [paymentId, traceparent] of Object.entries(traceparents)) {
    const value = world.encode(sampleEvent(paymentId, true));
    const headers = traceparent === undefined ? {} : { traceparent };
    await world.writeRaw(0, [{ paymentId, key: paymentId, value, headers }]);
  }
  const spansFile = join(folder, 'spans');
  const service = await world.start({
    NODE_OPTIONS: `--import=${PRELOAD.href}`,
    SPANS_FILE: spansFile,
    METRICS_EXEMPLARS: 'true',
    GATEWAY_URL: proxy.url,
  });
  await expectAccounted(world);
  const { body: exposed } = await service.get('/metrics', 'GET', 'application/openmetrics-text');
  expect(await service.end()).toBe(0);

  // Exemplars, under the names that series always have.
  expect(Object.values(TRACES)).toContain(/ # {trace_id="(\w+)"}/.exec(exposed)?.[1]);
  expect(exposed).toContain('\nnotifier_attempts_total{');

  // Spans: one for each attempt, those of the last moment included.
  const spans = readFileSync(spansFile, 'utf8').trim().split('\n');
  const told = spans.map((line) => JSON.parse(line) as Told);
  const attempts = service.log.filter(({ event }) => event === 'attempt');
  expect(told.map(({ attributes }) => attributes['notifier.payment_id'])).toEqual(
    attempts.map(({ paymentId }) => paymentId),
  );
  const of = (paymentId: string) => told.filter(({ attributes }) => attributes['notifier.payment_id'] === paymentId);
  for (const [paymentId, traceId] of Object.entries(TRACES)) {
    const places = of(paymentId).map((span) => [span.traceId, span.parentSpanId]);
    expect(places).toEqual(Array.from({ length: paymentId === 'LATER' ? 2 : 1 }, () => [traceId, PARENT]));
  }
  for (const { parentSpanId } of [...of('HOSTILE'), ...of('NONE')]) expect(parentSpanId).toBeUndefined();

  // The log: every line about a payment names its trace, and nothing else of the header.
  const about = service.log.filter(({ paymentId }) => paymentId !== undefined);
  expect(about.map(({ event }) => event)).toContain('dead_letter');
  for (const { paymentId, traceId } of about) expect(traceId).toBe(TRACES[paymentId as keyof typeof TRACES]);
  expect(service.output).not.toContain('hunter2');
  expect(service.log.filter(({ event }) => event === 'instrumented')).toEqual([]);

  // Requests gain no header, and records keep theirs.
  expect(proxy.headers.length).toBeGreaterThan(attempts.length);
  expect(proxy.headers.filter((headers) => 'traceparent' in headers || 'tracestate' in headers)).toEqual([]);
  const moved = [...(await world.records('retry.1s')), ...(await world.records('dead-letter'))];
  expect(moved.map(({ key, text: { traceparent } }) => [key?.toString(), traceparent])).toEqual(
    ['LATER', 'REFUSED'].map((id) => [id, traceparents[id as keyof typeof traceparents]]),
  );

  const { output } = await command(world.settings, 'trace', 'REFUSED');
  expect(output).toContain(`, trace ${TRACES.REFUSED}`);
});
