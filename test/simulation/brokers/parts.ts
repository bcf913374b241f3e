import type { Authorizer } from './rights.ts';
import type { GroupCoordinator } from './group-coordinator.ts';
import type { News } from './news.ts';
import type { Nodes } from './nodes.ts';
import type { Settings } from './settings.ts';
import type { Tell } from './facts.ts';
import type { Topics } from './topics.ts';
import type { TransactionCoordinator } from './transaction-coordinator.ts';

/** What the answers of all brokers are made from. */
export interface Parts {
  readonly nodes: Nodes;
  readonly topics: Topics;
  readonly news: News;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly authorizer: Authorizer;
  readonly settings: Settings;
  readonly throttling: { timeMs(clientId: string): number };
  readonly tell: Tell;
}
