import { until } from '../../../support/until.ts';
import { ERROR } from '../../brokers/error-codes.ts';
import type { Request } from '../../brokers/messages/apis.ts';
import type { RawClient } from '../raw-client.ts';
import type { Script, Stage } from '../stage.ts';

interface Joining {
  readonly metadata?: string;
  readonly protocol?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly protocolType?: string;
}

export function joinRequest(groupId: string, memberId: string, how: Joining = {}): Request<'JoinGroup'> {
  const { metadata = 'm', protocol = 'p', sessionTimeoutMs = 30_000, rebalanceTimeoutMs = 60_000 } = how;
  return {
    ...{ groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, groupInstanceId: null },
    protocolType: how.protocolType ?? 'consumer',
    protocols: [{ name: protocol, metadata: Buffer.from(metadata) }],
  };
}

/** A member of the script's group, on a connection of its own. */
export class Player {
  client: RawClient;
  readonly #stage: Stage;
  memberId = '';
  generationId = -1;

  private constructor(client: RawClient, stage: Stage) {
    this.client = client;
    this.#stage = stage;
  }

  /** Has an id, and has not joined yet. */
  static async invited(stage: Stage, name: string, how: Joining = {}): Promise<Player> {
    const player = new Player(await stage.client(name, await stage.coordinatorOf()), stage);
    const { memberId } = await player.client.ask('JoinGroup', joinRequest(stage.name, '', how));
    player.memberId = memberId;
    return player;
  }

  /** Asks another broker from now on. */
  async moveTo(node: number): Promise<void> {
    this.client = await this.#stage.client('moved', node);
  }

  async join(how: Joining = {}) {
    const answer = await this.client.ask('JoinGroup', joinRequest(this.#stage.name, this.memberId, how));
    if (answer.errorCode === 0) this.generationId = answer.generationId;
    return answer;
  }

  sync(assignments: Readonly<Record<string, string>> = {}, generationId = this.generationId) {
    return this.client.ask('SyncGroup', {
      ...this.#position(generationId),
      assignments: Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) })),
    });
  }

  beat(generationId = this.generationId, on = this.client) {
    return on.ask('Heartbeat', this.#position(generationId));
  }

  leave(on = this.client) {
    const members = [{ memberId: this.memberId, groupInstanceId: null }];
    return on.ask('LeaveGroup', { groupId: this.#stage.name, members });
  }

  commit(offset: number, { generationId = this.generationId, metadata = null as string | null } = {}) {
    const partitions = [{ index: 0, offset, metadata }];
    const { groupId, memberId } = this.#position(generationId);
    return this.client.ask('OffsetCommit', {
      ...{ groupId, generationId, memberId, topics: [{ name: this.#stage.name, partitions }] },
    });
  }

  #position(generationId: number) {
    return { groupId: this.#stage.name, generationId, memberId: this.memberId, groupInstanceId: null };
  }
}

export async function describe(stage: Stage, label: string): Promise<void> {
  const on = await stage.any(await stage.coordinatorOf());
  await stage.ask(label, 'DescribeGroups', { groups: [stage.name], includeAuthorizedOperations: true }, on);
}

/** One member, alone and stable. */
export async function alone(stage: Stage, how: Joining = {}): Promise<Player> {
  await stage.makeTopic();
  const first = await Player.invited(stage, 'first', how);
  await first.join(how);
  await first.sync({ [first.memberId]: 'all' });
  return first;
}

/** Two members, stable, the first leads. */
export async function pair(stage: Stage, how: Joining = {}): Promise<[Player, Player]> {
  const first = await alone(stage, how);
  const second = await Player.invited(stage, 'second', how);
  const joining = second.join(how);
  await rebalancing(first);
  await Promise.all([first.join(how), joining]);
  await Promise.all([first.sync({ [first.memberId]: 'one', [second.memberId]: 'two' }), second.sync()]);
  return [first, second];
}

/** Waits until a member hears that it must join again. */
export async function rebalancing(member: Player, generationId = member.generationId): Promise<void> {
  await until('a rebalance', async () => (await member.beat(generationId)).errorCode === ERROR.REBALANCE_IN_PROGRESS);
}

export const GROUP_SCRIPTS: Readonly<Record<string, Script>> = {
  'a member joins, syncs, lives and leaves': async (stage) => {
    const client = await stage.client('first', await stage.coordinatorOf());
    await describe(stage, 'before');
    const invited = await client.ask('JoinGroup', joinRequest(stage.name, ''));
    stage.note('an id is given', invited);
    await describe(stage, 'invited');
    const { memberId } = invited;
    const joined = await stage.ask('joined', 'JoinGroup', joinRequest(stage.name, memberId), client);
    await describe(stage, 'joined');
    const position = { groupId: stage.name, generationId: joined.generationId, memberId, groupInstanceId: null };
    await stage.ask('a heartbeat before the sync', 'Heartbeat', position, client);
    const assignments = [{ memberId, assignment: Buffer.from('all') }];
    await stage.ask('synced', 'SyncGroup', { ...position, assignments }, client);
    await describe(stage, 'stable');
    await stage.ask('synced again', 'SyncGroup', { ...position, assignments: [] }, client);
    await stage.ask('a heartbeat', 'Heartbeat', position, client);
    await stage.ask('of another generation', 'Heartbeat', { ...position, generationId: 7 }, client);
    await stage.ask('of nobody', 'Heartbeat', { ...position, memberId: 'nobody' }, client);
    await stage.ask('sync of another generation', 'SyncGroup', { ...position, generationId: 7, assignments }, client);
    const members = [{ memberId, groupInstanceId: null }];
    await stage.ask('left', 'LeaveGroup', { groupId: stage.name, members }, client);
    await stage.ask('left again', 'LeaveGroup', { groupId: stage.name, members }, client);
    await stage.ask('a heartbeat after all', 'Heartbeat', position, client);
    await stage.ask('a join after all', 'JoinGroup', joinRequest(stage.name, memberId), client);
    await describe(stage, 'empty');
  },

  'what a group does not take is refused by its code': async (stage) => {
    const client = await stage.client('first', await stage.coordinatorOf());
    const position = { groupId: stage.name, generationId: 1, memberId: 'nobody', groupInstanceId: null };
    const members = [{ memberId: 'nobody', groupInstanceId: null }];
    await stage.ask('heartbeat to no group', 'Heartbeat', position, client);
    await stage.ask('sync to no group', 'SyncGroup', { ...position, assignments: [] }, client);
    await stage.ask('leave no group', 'LeaveGroup', { groupId: stage.name, members }, client);
    await stage.ask('join no group', 'JoinGroup', joinRequest(stage.name, 'nobody'), client);
    await stage.ask('no name', 'JoinGroup', joinRequest('', ''), client);
    const short = joinRequest(stage.name, '', { sessionTimeoutMs: 10 });
    await stage.ask('a short session', 'JoinGroup', short, client);
    const long = joinRequest(stage.name, '', { sessionTimeoutMs: 3_600_000 });
    await stage.ask('a long session', 'JoinGroup', long, client);
    await stage.ask('no protocols', 'JoinGroup', { ...joinRequest(stage.name, ''), protocols: [] }, client);
    await alone(stage);
    const other = joinRequest(stage.name, '', { protocol: 'q' });
    await stage.ask('another protocol', 'JoinGroup', other, client);
    const foreign = joinRequest(stage.name, '', { protocolType: 'connect' });
    await stage.ask('another kind of protocol', 'JoinGroup', foreign, client);
  },

  'a second member makes a generation': async (stage) => {
    const first = await alone(stage);
    const second = await Player.invited(stage, 'second');
    stage.note('no rebalance yet', await first.beat());
    const joining = second.join();
    await rebalancing(first);
    await describe(stage, 'preparing');
    stage.note('a sync meanwhile', await first.sync());
    stage.note('a commit meanwhile', await first.commit(3));
    const rejoined = await first.join();
    stage.note('the first', rejoined);
    stage.note('the second', await joining);
    await describe(stage, 'completing');
    stage.note('a commit before the sync', await first.commit(4));
    stage.note('the second waits for nothing', await second.beat());
    stage.note('the first, synced', await first.sync({ [first.memberId]: 'one', [second.memberId]: 'two' }));
    stage.note('the second, synced', await second.sync());
    await describe(stage, 'stable');
    stage.note('a commit in the old generation', await first.commit(5, { generationId: 1 }));
    stage.note('a commit in this one', await first.commit(6));
    stage.note('a follower joins again with the same', await second.join());
    stage.note('and that makes no generation', await first.beat());
  },

  'a follower waits for the assignment, and hears of a new rebalance': async (stage) => {
    const [first, second] = await pair(stage);
    const third = await Player.invited(stage, 'third');
    const joining = [second.join({ metadata: 'other' }), third.join()];
    await rebalancing(first);
    await Promise.all([...joining, first.join()]);
    const syncing = second.sync();
    stage.note('the third leaves before the assignment', await third.leave());
    stage.note('so the second syncs no more', await syncing);
    stage.note('nor does the first', await first.sync({ [first.memberId]: 'all' }));
    stage.note('commit meanwhile', await first.commit(3));
    const again = second.join();
    stage.note('the first again', await first.join());
    stage.note('the second again', await again);
  },

  'who does not join in time is out': async (stage) => {
    const [first, second] = await pair(stage, { rebalanceTimeoutMs: 1_500 });
    const third = await Player.invited(stage, 'third', { rebalanceTimeoutMs: 1_500 });
    const joining = third.join({ rebalanceTimeoutMs: 1_500 });
    await rebalancing(second);
    const startedAt = Date.now();
    const answers = [await second.join({ rebalanceTimeoutMs: 1_500 }), await joining];
    stage.note(
      'the others',
      answers.map(({ errorCode, generationId }) => ({ errorCode, generationId })),
    );
    stage.note('either of them leads', answers.map(({ members }) => members.length).sort());
    stage.note('waited', Date.now() - startedAt > 500);
    stage.note('the first, late', await first.join());
    stage.note('its heartbeat', await first.beat());
    stage.note('its commit', await first.commit(3));
    await describe(stage, 'without it');
  },

  'who does not sync in time is out': async (stage) => {
    const how = { rebalanceTimeoutMs: 1_200 };
    const [first, second] = await pair(stage, how);
    const joining = first.join({ ...how, metadata: 'other' });
    await rebalancing(second);
    await Promise.all([second.join(how), joining]);
    const syncing = second.sync();
    stage.note('the second hears', await syncing);
    stage.note('the leader is gone', await first.beat());
    stage.note('the second joins again', await second.join(how));
  },

  'a silent member is gone after its session': async (stage) => {
    const how = { sessionTimeoutMs: 1_500 };
    const [first, second] = await pair(stage, how);
    await rebalancing(first);
    stage.note('the silent one', await second.beat());
    stage.note('its commit', await second.commit(3));
    stage.note('its join', await second.join(how));
    stage.note('the other one', await first.join(how));
  },

  'a commit is a word, too': async (stage) => {
    const first = await alone(stage, { sessionTimeoutMs: 1_500 });
    for (let at = 0; at < 5; at += 1) {
      await new Promise((go) => setTimeout(go, 500));
      await first.commit(at);
    }
    stage.note('still there', await first.beat());
  },

  'one who was given an id holds the others up': async (stage) => {
    const first = await alone(stage);
    const second = await Player.invited(stage, 'second');
    await Player.invited(stage, 'third', { sessionTimeoutMs: 1_500 });
    const joining = second.join();
    await rebalancing(first);
    const startedAt = Date.now();
    await Promise.all([first.join(), joining]);
    stage.note('waited', Date.now() - startedAt > 300);
  },

  'a leader that leaves is followed by another': async (stage) => {
    const [first, second] = await pair(stage);
    stage.note('the leader joins again', 'makes a generation');
    const again = first.join();
    await rebalancing(second);
    await Promise.all([again, second.join()]);
    stage.note('synced', await Promise.all([first.sync({ [second.memberId]: 'all' }), second.sync()]));
    stage.note('left', await first.leave());
    await rebalancing(second);
    stage.note('the second leads', await second.join());
  },

  'leaving while a join waits ends the join': async (stage) => {
    const first = await alone(stage);
    const second = await Player.invited(stage, 'second');
    const joining = second.join();
    await rebalancing(first);
    stage.note('left', await second.leave(await stage.any(await stage.coordinatorOf())));
    stage.note('the join', await joining);
    stage.note('the first alone', await first.join());
  },
};
