import { ASSIGNER_NAME } from '../../core/assignment.ts';
import type { Position, SurveyedGroup } from '../../kafka/topics/survey.ts';
import { fail, ok, warn, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { isForbidden, words } from './trouble.ts';

/** Who is in the group, and whether it is us. */
export function checkGroup(groupId: string, group: Seen<SurveyedGroup>): Check[] {
  const name = `group ${groupId}`;
  // The right that is missing is told among the rights.
  if ('unseen' in group) {
    if (isForbidden(group.unseen)) return [];
    return [warn(name, `not known: ${words(group.unseen)}`, 'see what is said of the brokers, then ask again')];
  }
  const { state, protocol, members, error, elsewhere } = group.seen;
  if (error === 'GROUP_AUTHORIZATION_FAILED') return [];
  if (elsewhere || (members.length > 0 && protocol !== '' && protocol !== ASSIGNER_NAME)) {
    const clients = [...new Set(members.map(({ clientId, host }) => `${clientId} at ${host.replace(/^\//, '')}`))];
    const who = clients.length > 0 ? clients.join(', ') : 'a consumer of the newer group protocol';
    return [
      fail(
        name,
        `wrong: something else uses it: ${who}`,
        'choose a KAFKA_GROUP_ID of its own for this service, or stop them',
      ),
    ];
  }
  if (members.length === 0) return [ok(name, 'nobody is in it now')];
  return [ok(name, `${members.length} members of this service, ${state}`)];
}

/** Where reading begins. */
export interface StartSeen {
  readonly groupId: string;
  readonly source: string;
  readonly startFrom: 'earliest' | 'latest';
  readonly partitions: number;
  readonly positions: Seen<ReadonlyMap<string, Position>>;
}

/** A group without offsets begins at START_FROM, unless retry topics hold records: then its offsets have expired. */
export function checkStart({ groupId, source, startFrom, partitions, positions }: StartSeen): Check[] {
  const name = 'start';
  if ('unseen' in positions) {
    if (isForbidden(positions.unseen)) return [];
    return [warn(name, `not known: ${words(positions.unseen)}`, 'see what is said of the brokers, then ask again')];
  }
  const { committed, withRecords } = positions.seen.get(source) ?? { committed: 0, withRecords: 0 };
  if (committed > 0) {
    const rest = committed < partitions ? '; the others are read from their start' : '';
    return [ok(name, `the group has offsets on ${committed} of ${partitions} partitions and goes on there${rest}`)];
  }
  const parked = [...positions.seen].filter(([topic, of]) => topic !== source && of.withRecords > 0);
  if (parked.length > 0) {
    return [
      fail(
        name,
        `the group has no offset on ${source}, but ${parked.map(([topic]) => topic).join(', ')} hold records: its offsets ` +
          'have probably expired',
        `decide where to go on and set it with kafka-consumer-groups --group ${groupId} --topic ${source} --reset-offsets`,
      ),
    ];
  }
  const what =
    startFrom === 'latest'
      ? `events that are there already are not told (${withRecords} partitions hold some)`
      : `all that ${source} holds is told (${withRecords} of ${partitions} partitions hold records)`;
  return [ok(name, `the group has no offset yet and begins at START_FROM=${startFrom}: ${what}`)];
}
