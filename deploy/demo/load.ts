import { setTimeout as sleep } from 'node:timers/promises';
import type { PaymentFinal } from '../../src/core/event.ts';
import type { Emitter } from '../../src/kafka/produce/emitter.ts';
import type { Simulator } from '../../src/simulator/gateway.ts';
import type { DemoService } from './service.ts';
import type { Stage } from './stage.ts';
import type { LoadFigures } from './table.ts';

const AT_ONCE = 500;
const POLL_MS = 50;
const STALL_MS = 30_000;

interface Scene {
  readonly emitter: Emitter;
  readonly simulator: Simulator;
  readonly service: DemoService;
  readonly stage: Stage;
  readonly signal: AbortSignal;
}

/** Writes all events as fast as the broker takes them, and measures until the gateway has said S to each. */
export async function runLoad(events: Iterable<PaymentFinal>, scene: Scene): Promise<LoadFigures> {
  const { emitter, simulator, service, stage, signal } = scene;
  const all = [...events];
  stage.heading('9 · Load', `${all.length} events at once; the gateway answers as fast as it can.`);
  simulator.play({});
  const before = simulator.requests().length;
  const cpuBefore = service.cpuMs();
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1_000;
  const answered = (): number => simulator.requests().length - before;

  for (let at = 0; at < all.length; at += AT_ONCE) {
    await emitter.emit(all.slice(at, at + AT_ONCE));
    stage.progress(`${at + AT_ONCE} written, ${answered()} sent`);
    signal.throwIfAborted();
  }
  let last = { count: 0, at: seconds() };
  while (answered() < all.length) {
    service.assertRunning();
    const count = answered();
    if (count > last.count) last = { count, at: seconds() };
    if (seconds() - last.at > STALL_MS / 1_000) {
      stage.line('demo', `nothing was sent for ${STALL_MS / 1_000} s`, 'bad');
      break;
    }
    stage.progress(`${count} of ${all.length} sent, ${(count / seconds()).toFixed(0)} events/s`);
    await sleep(POLL_MS, undefined, { signal });
  }
  const took = seconds();
  const cpuAfter = service.cpuMs();
  const cpuMsPerEvent =
    cpuBefore === undefined || cpuAfter === undefined ? null : (cpuAfter - cpuBefore) / Math.max(1, all.length);
  const cpu =
    cpuMsPerEvent === null ? '' : `, ${cpuMsPerEvent.toFixed(2)} ms of processor time per event in the service`;
  stage.line(
    '',
    `${all.length} events in ${took.toFixed(1)} s: ${(all.length / took).toFixed(0)} events/s${cpu}`,
    'good',
  );
  return {
    events: all.length,
    seconds: rounded(took),
    eventsPerSecond: rounded(all.length / took),
    cpuMsPerEvent: cpuMsPerEvent === null ? null : rounded(cpuMsPerEvent),
  };
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}
