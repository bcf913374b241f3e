import type { Allowed, DescribedGroup, DescribedTopic, Operation } from '../../kafka/kafkajs/described.ts';
import { NEEDED, type OwnRole } from '../../kafka/topics/rights.ts';
import { fail, ok, warn, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { isForbidden } from './trouble.ts';

/** What `run` needs, and to look at what its records depend on. The commands need READ on dead letters and outcomes too. */
function neededOn(role: OwnRole): readonly Operation[] {
  return ['DESCRIBE', ...NEEDED[role], ...(role === 'outcomes' ? [] : (['DESCRIBE_CONFIGS'] as const))];
}

/** Our topics and the group, as their brokers describe them to this user. */
export interface RightsSeen {
  readonly topics: readonly { readonly role: OwnRole; readonly described: DescribedTopic }[];
  readonly groupId: string;
  readonly group: Seen<DescribedGroup>;
  /** Under which redrives write, and whether this user may. */
  readonly redrives: { readonly transactionalId: string; readonly mayWrite: Seen<boolean> };
  /** As ACLs name this user; `undefined` where it is not known. */
  readonly user: string | undefined;
}

/** Names each ACL that is missing: which operation on what. */
export function checkRights({ topics, groupId, group, redrives, user }: RightsSeen): Check[] {
  const name = 'rights';
  const lacking = (operation: Operation, resource: Resource, of: string): Check =>
    fail(name, `not allowed: ${operation} on ${resource} ${of}`, allow(user, operation, resource, of));
  const unsaid = (what: string): Check =>
    warn(
      name,
      `not asked: the broker does not say what this user may do with ${what}`,
      "look at the cluster's ACLs, or ask brokers of 2.3 or later",
    );
  const missing = topics.flatMap(({ role, described: { topic, error, allowed } }): Check[] => {
    if (error === 'TOPIC_AUTHORIZATION_FAILED') return [lacking('DESCRIBE', 'TOPIC', topic)];
    if (error !== undefined) return [];
    if (allowed === undefined) return [unsaid(`topic ${topic}`)];
    return neededOn(role)
      .filter((each) => !allowed.has(each))
      .map((each) => lacking(each, 'TOPIC', topic));
  });
  switch (mayReadGroup(group)) {
    case 'no':
      missing.push(lacking('READ', 'GROUP', groupId));
      break;
    case 'unsaid':
      missing.push(unsaid(`group ${groupId}`));
      break;
    case 'yes':
    case 'unseen':
      break;
  }
  const { transactionalId, mayWrite } = redrives;
  if ('seen' in mayWrite && !mayWrite.seen) {
    missing.push(
      warn(
        name,
        `not allowed: WRITE on TRANSACTIONAL_ID ${transactionalId}; retries wait longer for what a killed redrive leaves open`,
        allow(user, 'WRITE', 'TRANSACTIONAL_ID', transactionalId),
      ),
    );
  }
  if (missing.length > 0) return missing;
  return [ok(name, `all that run needs, on ${topics.length} topics and group ${groupId}`)];
}

function mayReadGroup(group: Seen<DescribedGroup>): 'yes' | 'no' | 'unsaid' | 'unseen' {
  if ('unseen' in group) return isForbidden(group.unseen) ? 'no' : 'unseen';
  const { error, allowed } = group.seen;
  if (error === 'GROUP_AUTHORIZATION_FAILED') return 'no';
  return isAllowed(allowed, 'READ');
}

function isAllowed(allowed: Allowed, operation: Operation): 'yes' | 'no' | 'unsaid' {
  if (allowed === undefined) return 'unsaid';
  return allowed.has(operation) ? 'yes' : 'no';
}

type Resource = 'TOPIC' | 'GROUP' | 'TRANSACTIONAL_ID';

function allow(user: string | undefined, operation: Operation, resource: Resource, name: string): string {
  return (
    `kafka-acls --bootstrap-server … --add --allow-principal ${user === undefined ? 'User:…' : `User:${user}`} ` +
    `--operation ${operation} --${resource.toLowerCase().replace('_', '-')} ${name}`
  );
}
