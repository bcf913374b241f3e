import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { Topology } from '../core/topology.ts';
import { KeyRing } from '../http/key-ring.ts';
import { loadKeys } from '../http/key-set.ts';
import { createSender } from '../http/sender.ts';
import { createDecoder } from '../kafka/avro/decoder.ts';
import { createLog } from '../ops/log.ts';
import { logDestination } from '../ops/log-destination.ts';
import { AllParkedKeys } from '../pipeline/all-parked-keys.ts';
import { Gate } from '../pipeline/gate.ts';
import { notify } from '../pipeline/notify.ts';
import { Abandoned, type Ownership, type Ports } from '../pipeline/ports.ts';
import { readEvent } from '../pipeline/read-event.ts';
import { Waits } from '../pipeline/waits.ts';
import type { Ending } from '../pipeline/work.ts';
import type { Config } from '../settings/table.ts';

/** What it takes to tell events without being the service. */
export type TellerSettings = Pick<
  Config,
  'source' | 'registry' | 'gateway' | 'limits' | 'keys' | 'retry' | 'hold' | 'outcomes' | 'notification' | 'log'
>;

/** Sends events that were told before, exactly as the service does, and settles nothing. */
export interface Teller {
  /** What is to become of the record, were it not a replay. Throws `AbortError` where the signal is aborted. */
  tell(record: KafkaRecord): Promise<Ending>;
  close(): void;
}

/**
 * Makes a teller: the same keys, gate and judgement as the service, at a rate of its own. Its log lines go to standard
 * error and carry `replay: true`; there are no metrics of it, so that it burns no objective and pages nobody.
 *
 * Throws `Misconfigured` where the keys cannot be used.
 *
 * @param perSecond requests a second at most
 */
export function createTeller(settings: TellerSettings, perSecond: number, signal: AbortSignal): Teller {
  const { source, registry, gateway, limits, keys, retry, hold, outcomes, notification } = settings;
  const stream = logDestination(() => undefined, process.stderr);
  const { observe } = createLog({ ...settings.log, stream, marks: { replay: true } });
  const ring = new KeyRing(loadKeys(keys.signingDir, keys.gatewayDir), observe);
  const gate = new Gate({ ...limits, maxRate: perSecond, outageHoldAfter: hold.outageHoldAfter }, observe);
  const sender = createSender({ ...gateway, maxSockets: limits.maxInFlight }, ring, Date.now);
  const topology = new Topology({ source: source.topic, tiers: retry.tiers, outcomes: outcomes.topic });
  const ports: Ports = {
    decode: createDecoder(registry).decode,
    send: sender.send,
    publish: () => Promise.reject(new Error('a replay settles nothing')),
    waits: new Waits(),
    parkedKeys: new AllParkedKeys(),
    observe,
    enter: gate.enter,
    keyWorked: ring.worked,
    now: Date.now,
    settings: { topology, retry, systemic: hold.systemic, ...notification },
  };
  const ownership: Ownership = {
    closing: signal,
    lastCall: signal,
    ended: signal,
    assertHeld: () => {
      if (signal.aborted) throw new Abandoned();
    },
    confirmed: () => (signal.aborted ? Promise.reject(new Abandoned()) : Promise.resolve()),
  };
  return {
    tell: async (record) => {
      try {
        const provenance = readProvenance(record, topology.source);
        const work = await readEvent({ record, tier: topology.tierOf(record.topic), provenance }, ports, ownership);
        return 'ending' in work ? work.ending : (await notify(work, ports, ownership)).ending;
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
    },
    close: () => {
      sender.close();
      stream.flush();
    },
  };
}
