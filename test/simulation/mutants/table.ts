/** Code that stands in a file once, and what is put in its place. */
export interface Change {
  readonly from: string;
  readonly to: string;
}

/** A rule of the service taken away: what the simulation has to notice. */
export interface Mutant extends Change {
  readonly name: string;
  readonly file: string;
  /** Where the rule is kept in more than one place. */
  readonly also?: readonly Change[];
}

/** Rules that were learnt by losing, repeating or overtaking records, or by standing still. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a batch counts only where its lane stands',
    file: 'src/kafka/lanes/lanes.ts',
    from: '} else if (Number(batch.fetchedOffset) === lane.next) {',
    to: '} else {',
  },
  {
    name: 'nothing is sent when the lease has run out',
    file: 'src/kafka/group/epoch.ts',
    from: 'if (sending && (this.closing.aborted || this.#silentMs() >= this.#leaseMs)) throw new Abandoned();',
    to: 'if (sending && this.closing.aborted) throw new Abandoned();',
  },
  {
    name: 'what is in flight is finished before a join or a leave',
    file: 'src/kafka/group/membership.ts',
    from: '() => this.#work.drain(),',
    to: '() => Promise.resolve(true),',
  },
  {
    name: 'joins are shared',
    file: 'src/kafka/group/membership.ts',
    from: 'this.#join ??= this.#joinAnew(',
    to: 'this.#join = this.#joinAnew(',
  },
  {
    name: 'a commit belongs to its epoch',
    file: 'src/kafka/lanes/committer.ts',
    from: 'groupGenerationId: this.#epoch.generation,',
    to: 'groupGenerationId: this.#group.generationId ?? -1,',
    also: [
      {
        from: 'while (this.#moved.size > 0 && !ended.aborted) {',
        to: 'while (this.#moved.size > 0 && this.#group.memberId !== null) {',
      },
      { from: 'this.#epoch.assertHeld(false);', to: '' },
      { from: 'await pause(RETRY_PAUSE_MS, ended)', to: 'await sleep(RETRY_PAUSE_MS).then(() => ended)' },
    ],
  },
  {
    name: 'what is parked is known before the first send',
    file: 'src/kafka/lanes/lanes.ts',
    from: 'const unknown = await learning.learn(assigned);',
    to: 'const unknown = new Map();',
  },
  {
    name: 'copies are known as soon as they are read',
    file: 'src/kafka/lanes/lanes.ts',
    from: 'const records = this.#parked.admit(topic, partition, fetched, next, lane.empty);',
    to: 'const records = fetched;',
  },
  {
    name: 'what is parked is known behind open transactions too',
    file: 'src/kafka/lanes/parked-reader.ts',
    from: 'const undecided = await this.#readStretch(broker, UNDECIDED, rest, closing);',
    to: 'const undecided = await this.#readStretch(broker, UNDECIDED, [], closing);',
  },
  {
    name: 'a written copy may have been read already',
    file: 'src/core/parked-keys.ts',
    from: 'else if (copy.offset >= (this.#known.get(copy.tier)?.to ?? 0)) this.#keep(copy);',
    to: 'else this.#keep(copy);',
  },
  {
    name: 'what was told out of its copy is not told again',
    file: 'src/core/parked-keys.ts',
    from: "return this.#readTwice.isSettled(origin) ? { kind: 'superseded' } : behind(copies[first - 1]);",
    to: 'return behind(copies[first - 1]);',
  },
  {
    name: 'nobody waits for an older copy that stands behind',
    file: 'src/core/parked-keys.ts',
    from: 'copies.slice(0, at).every((older) => standsBehind(older, copy))',
    to: 'at === 0',
  },
  {
    name: 'a commit that was given up is the last of its generation',
    file: 'src/kafka/lanes/committer.ts',
    from: 'if (isGivenUp(error)) this.#unanswered =',
    to: 'if (isGivenUp(error)) void',
  },
  {
    name: 'one write at a time for each partition',
    file: 'src/kafka/produce/publisher.ts',
    from: 'oneAtATime(`${topic}:${partition}`, () => write(idempotent, record, mayWrite)),',
    to: 'write(idempotent, record, mayWrite),',
  },
  {
    name: 'a producer that has failed is used no more',
    file: 'src/kafka/produce/publisher.ts',
    from: 'if (current === used) void discard();',
    to: '',
  },
  {
    name: 'acknowledged only when committed',
    file: 'src/kafka/lanes/committer.ts',
    from: "      this.#ports.observe({ kind: 'commit_failed', error });",
    to: '      for (const { acknowledge } of progress) acknowledge();\n      return true;',
  },
  {
    name: 'the tiers of all members are shared out',
    file: 'src/core/assignment.ts',
    from: 'read: [...new Set([source, ...agreeing.flatMap(({ reads }) => reads)])],',
    to: 'read: bySeniority[0]?.reads ?? [source],',
  },
  {
    name: 'only what is settled is committed',
    file: 'src/kafka/lanes/lane.ts',
    from: 'if (await this.#process(record)) {',
    to: 'await this.#process(record);\n    {',
  },
  {
    name: 'a retry waits until it is due',
    file: 'src/pipeline/waiting.ts',
    from: 'for (let ms = remainingMs(); ms > 0; ms = remainingMs()) await pause(Math.min(ms, 1_000), closing);',
    to: 'if (remainingMs() > 900) await pause(1, closing);',
  },
  {
    name: 'answers of one socket at a time',
    file: 'src/kafka/kafkajs/patched.ts',
    from: "import './patches/one-socket-at-a-time.ts';",
    to: '',
  },
  {
    name: 'who stops lets others have their turn',
    file: 'src/kafka/group/membership.ts',
    from: 'await sleep(STOPPING_PAUSE_MS);',
    to: '',
  },
  {
    name: 'a coordinator that is not found is looked for again',
    file: 'src/kafka/group/letting-in.ts',
    from: 'throw isUnreachable(failure) ?',
    to: 'throw !isUnreachable(failure) ?',
  },
  {
    name: 'while an old write is under way, nobody knows what is parked',
    file: 'src/kafka/produce/publisher.ts',
    from: 'isWriting: (partition) => underWay.has(partition),',
    to: 'isWriting: () => false,',
  },
  {
    name: 'which topics there are is asked after each join',
    file: 'src/kafka/topics/missing-topics.ts',
    from: 'if (await topics.haveChanged(group)) {',
    to: 'if (topics.read.length === 0) {',
  },
  {
    name: 'a commit that was refused because its topic is gone is made to no other topic',
    file: 'src/kafka/lanes/committer.ts',
    from: 'if (errorType(error) === UNKNOWN_TOPIC) await this.#learnWhichIsGone();',
    to: '',
  },
  {
    name: 'of a topic that is gone nothing counts as read',
    file: 'src/kafka/lanes/parked-reader.ts',
    from: 'if (end === undefined) continue;',
    to: '',
  },
  {
    name: 'what a killed redrive has left open is ended',
    file: 'src/kafka/lanes/left-open.ts',
    from: 'await endTransaction(cluster, closingId(groupId), CLOSING_TIMEOUT_MS);',
    to: '',
  },
];
