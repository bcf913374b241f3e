import { cpuMicros, cpuMicrosOfThreads } from '../../support/process-figures.ts';
import type { Probed } from '../programs/probe.ts';
import { busyMicros } from './cores.ts';
import type { Ground } from './ground.ts';
import type { Member } from './members.ts';

/** What was seen of some processes for a while. */
export interface Watched {
  readonly seconds: number;
  /** Of each member. */
  readonly requests: readonly number[];
  /** CPU time, in microseconds: of all members, the brokers and the gateway. */
  readonly cpuMicros: number;
  readonly brokersMicros: number;
  readonly gatewayMicros: number;
  /** Of the measured processors' time, the share that others took. */
  readonly strangers: number;
}

/** Watches from outside and, through the probes, from inside, for as long as something takes. */
export async function watch(
  ground: Ground,
  members: readonly Member[],
  during: () => Promise<unknown>,
): Promise<Watched & Probed> {
  for (const { process } of members) process.beginProbe();
  const watched = await watchFromOutside(ground, members, during);
  const probed = await Promise.all(members.map(({ process }) => process.endProbe()));
  return {
    ...watched,
    lagP99Ms: Math.max(...probed.map(({ lagP99Ms }) => lagP99Ms)),
    allocatedBytes: probed.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
  };
}

/** Watches without touching: a probe would wake a process that has nothing to do. */
export async function watchFromOutside(
  ground: Ground,
  members: readonly Member[],
  during: () => Promise<unknown>,
): Promise<Watched> {
  const before = await look(ground, members);
  await during();
  const after = await look(ground, members);
  const [micros, cpu] = [after.atMicros - before.atMicros, after.cpuMicros - before.cpuMicros];
  const cores = new Set(ground.cores?.measured).size;
  return {
    seconds: micros / 1e6,
    requests: after.requests.map((count, at) => count - (before.requests[at] ?? 0)),
    cpuMicros: cpu,
    brokersMicros: after.brokersMicros - before.brokersMicros,
    gatewayMicros: after.gatewayMicros - before.gatewayMicros,
    strangers: cores === 0 ? Number.NaN : Math.max(0, after.busyMicros - before.busyMicros - cpu) / (micros * cores),
  };
}

async function look({ gateway, cluster, cores }: Ground, members: readonly Member[]) {
  const { requests } = await gateway.ask({ kind: 'count' });
  const brokers = cluster.brokers.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  return {
    atMicros: performance.now() * 1_000,
    requests: members.map(({ name }) => requests[name] ?? 0),
    cpuMicros: members.reduce((sum, { process }) => sum + cpuMicrosOfThreads(process.pid), 0),
    // Of brokers that are somebody else's nothing is known.
    brokersMicros: brokers.length === 0 ? Number.NaN : brokers.reduce((sum, pid) => sum + cpuMicros(pid), 0),
    gatewayMicros: cpuMicros(gateway.pid),
    busyMicros: busyMicros(cores?.measured ?? []),
  };
}
