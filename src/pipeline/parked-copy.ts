import type { Copy } from '../core/copies.ts';
import type { Provenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import type { Topology } from '../core/topology.ts';
import { orderKey } from './order-key.ts';

/**
 * Reads a record of a retry topic as a copy of a parked event. Throws for a record of a topic that is not read.
 *
 * @returns `undefined` for a record of the source, for one whose event does not come from this partition of the source,
 *   and for one of which neither key nor payment is known
 */
export function copyOf(record: KafkaRecord, topology: Topology, provenance: Provenance): Copy | undefined {
  const tier = topology.retryTierOf(record.topic)?.name;
  const { origin, redriveCount = 0, hops, notBefore = 0, paymentId = '' } = provenance;
  const isOfHere = origin.topic === topology.source && origin.partition === record.partition;
  const key = orderKey(record.key, paymentId);
  if (tier === undefined || !isOfHere || key === orderKey(null, '')) return undefined;
  return { key, origin: origin.offset, redrives: redriveCount, hops, tier, offset: record.offset, notBefore };
}
