/** What ACLs speak of; the bits are those with which brokers tell clients their rights. */
export const OPERATION_BIT = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

export type Operation = keyof typeof OPERATION_BIT;

export interface Resource {
  readonly type: 'topic' | 'group' | 'cluster' | 'transaction';
  /** Empty for the cluster. */
  readonly name: string;
}

/** Whether a user may do something; whoever may read, write, delete or alter may describe, too. */
export type Rights = (principal: string, operation: Operation, resource: Resource) => boolean;

const IMPLY_DESCRIBE: readonly Operation[] = ['READ', 'WRITE', 'DELETE', 'ALTER'];

/** What users may do; everything, until somebody says otherwise. */
export class Authorizer {
  #rights: Rights = () => true;

  set(rights: Rights): void {
    this.#rights = rights;
  }

  allows(principal: string, operation: Operation, type: Resource['type'], name = ''): boolean {
    const resource = { type, name };
    if (this.#rights(principal, operation, resource)) return true;
    return operation === 'DESCRIBE' && IMPLY_DESCRIBE.some((other) => this.#rights(principal, other, resource));
  }

  /** As a number of bits. */
  bits(principal: string, operations: readonly Operation[], type: Resource['type'], name = ''): number {
    return operations
      .filter((operation) => this.allows(principal, operation, type, name))
      .reduce((bits, operation) => bits | (1 << OPERATION_BIT[operation]), 0);
  }
}
