import { fail, ok, warn, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { brokerTrouble } from './trouble.ts';

/** Whether a broker was reached, and took this user; and what came of it. */
export interface BrokerSeen<T = unknown> {
  readonly address: string;
  readonly reached: Seen<T>;
}

/** The brokers as KAFKA_BROKERS names them, and those that these name beside them. */
export interface BrokersSeen {
  readonly configured: readonly BrokerSeen[];
  readonly advertised: readonly BrokerSeen[];
}

/** One of the configured brokers is enough to begin; each advertised one leads partitions. */
export function checkBrokers({ configured, advertised }: BrokersSeen): Check[] {
  const reached = configured.filter(isReached).length;
  const found = [
    ...configured.flatMap(({ address, reached: seen }): Check[] => {
      if (!('unseen' in seen)) return [];
      const { finding, remedy } = brokerTrouble(seen.unseen);
      return [reached > 0 ? warn(`broker ${address}`, finding, remedy) : fail(`broker ${address}`, finding, remedy)];
    }),
    ...advertised.flatMap(({ address, reached: seen }): Check[] => {
      if (!('unseen' in seen)) return [];
      const { finding } = brokerTrouble(seen.unseen);
      const remedy = 'start it, or correct the advertised.listeners by which the brokers name it';
      return [fail(`broker ${address}`, `named by the other brokers, but ${finding}`, remedy)];
    }),
  ];
  if (reached === 0) return found;
  const all = [...configured, ...advertised].filter(isReached).map(({ address }) => address);
  return [ok('brokers', `reached and let in: ${all.join(', ')}`), ...found];
}

/** Whether nothing was wrong with it. */
export function isReached({ reached }: BrokerSeen): boolean {
  return 'seen' in reached;
}
