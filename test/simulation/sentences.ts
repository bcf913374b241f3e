import type { Fact } from './brokers/facts.ts';
import { tierOf } from './judge/stories.ts';

/** What the history says of it, and who did it. */
export function sentence(fact: Fact): [who: string, what: string] {
  const place = (topic: string, ...numbers: number[]): string => [tierOf(topic) ?? topic, ...numbers].join(':');
  switch (fact.kind) {
    case 'appended':
      return ['brokers', `have ${place(fact.topic, fact.partition, fact.offset)}, ${fact.count} records`];
    case 'committed':
      return [fact.clientId, `commits ${place(fact.topic, fact.partition, fact.offset)}`];
    case 'evicted':
      return ['brokers', `evict ${fact.clientId}`];
    case 'left':
      return ['brokers', `let ${fact.clientId} go`];
    case 'stabilized':
      return ['brokers', `generation ${fact.generation}: ${fact.members.map(({ clientId }) => clientId).join(', ')}`];
    case 'transaction':
      return ['brokers', `transaction ${fact.transactionalId} ${fact.state}`];
  }
}
