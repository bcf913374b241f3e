import { ERROR } from '../../brokers/error-codes.ts';
import type { Response } from '../../brokers/messages/apis.ts';
import type { RawClient } from '../raw-client.ts';
import type { Script, Stage } from '../stage.ts';
import { until } from '../../../support/until.ts';
import { fetchRequest, listRequest, produceRequest } from './records.ts';

/** A transactional producer, in Kafka's words. */
class Producer {
  readonly #stage: Stage;
  readonly #coordinator: RawClient;
  readonly #topic: string;
  readonly id: string;
  who: { producerId: number; producerEpoch: number };
  #sequence = 0;

  private constructor(
    stage: Stage,
    parts: { coordinator: RawClient; topic: string; id: string; who: Producer['who'] },
  ) {
    this.#stage = stage;
    this.#coordinator = parts.coordinator;
    this.#topic = parts.topic;
    this.id = parts.id;
    this.who = parts.who;
  }

  static async begin(stage: Stage, topic: string, suffix = ''): Promise<Producer> {
    const id = `${stage.name}${suffix}`;
    const who = await stage.producer(id);
    const coordinator = await stage.any(await stage.coordinatorOf(id, 1));
    return new Producer(stage, {
      coordinator,
      topic,
      id,
      who: { producerId: who.producerId, producerEpoch: who.producerEpoch },
    });
  }

  add(topic = this.#topic, index = 0) {
    const topics = [{ name: topic, partitions: [index] }];
    return this.#coordinator.ask('AddPartitionsToTxn', { transactionalId: this.id, ...this.who, topics });
  }

  /** Adds as soon as the last transaction has ended everywhere. */
  async added(): Promise<void> {
    await until('a transaction to begin', async () => (await this.add()).results[0]?.results[0]?.errorCode === 0);
  }

  async write(texts: readonly string[]): Promise<Response<'Produce'>> {
    const writer = { ...this.who, baseSequence: this.#sequence };
    const client = await this.#stage.any();
    const batch = this.#stage.batch(texts, { writer, kind: 'transactional' });
    const answer = await client.ask('Produce', produceRequest(this.#topic, batch, { transactionalId: this.id }));
    if (answer.topics[0]?.partitions[0]?.errorCode === 0) this.#sequence += texts.length;
    return answer;
  }

  /** Commits once more, as soon as the coordinator knows that the first time has reached everybody. */
  endedAgain(): Promise<Response<'EndTxn'>> {
    return until('the transaction to have ended', async () => {
      const answer = await this.end(true);
      return answer.errorCode === ERROR.CONCURRENT_TRANSACTIONS ? undefined : answer;
    });
  }

  end(committed: boolean) {
    return this.#coordinator.ask('EndTxn', { transactionalId: this.id, ...this.who, committed });
  }

  init() {
    return this.#coordinator.ask('InitProducerId', { transactionalId: this.id, transactionTimeoutMs: 60_000 });
  }

  addOffsets(groupId: string) {
    return this.#coordinator.ask('AddOffsetsToTxn', { transactionalId: this.id, ...this.who, groupId });
  }
}

/** Waits until nothing is open before this offset. */
async function stable(stage: Stage, topic: string, offset: number): Promise<void> {
  const client = await stage.any();
  await until('transactions to have ended', async () => {
    const { topics } = await client.ask('ListOffsets', listRequest(topic, -1));
    return topics[0]?.partitions[0]?.offset === offset;
  });
}

export const TRANSACTION_SCRIPTS: Readonly<Record<string, Script>> = {
  'a committed transaction is read once it has ended': async (stage) => {
    const topic = await stage.makeTopic();
    const producer = await Producer.begin(stage, topic);
    stage.note('who', producer.who);
    stage.note('written before it was added', await producer.write(['early']));
    stage.note('added', await producer.add());
    producer.who = { ...producer.who };
    stage.note('end of nothing else', await producer.add(`${topic}-none`));
    stage.note('written', await producer.write(['b']));
    await stage.ask('open', 'Fetch', fetchRequest(topic, 0));
    await stage.ask('open, for whoever reads all', 'Fetch', fetchRequest(topic, 0, { isolationLevel: 0 }));
    await stage.ask('the stable end', 'ListOffsets', listRequest(topic, -1));
    await stage.ask('the end', 'ListOffsets', listRequest(topic, -1, 0));
    const client = await stage.any();
    stage.note('others', await client.ask('Produce', produceRequest(topic, stage.batch(['plain']))));
    stage.note('committed', await producer.end(true));
    await stable(stage, topic, 3);
    await stage.ask('ended', 'Fetch', fetchRequest(topic, 0));
    stage.note('committed again', await producer.endedAgain());
    stage.note('aborted', await producer.end(false));
  },

  'an aborted transaction is told to whoever reads': async (stage) => {
    const topic = await stage.makeTopic();
    const [one, two] = [await Producer.begin(stage, topic, '-1'), await Producer.begin(stage, topic, '-2')];
    await one.added();
    await two.added();
    await one.write(['a']);
    await two.write(['b']);
    await one.write(['c']);
    stage.note('aborted', await one.end(false));
    await until('the abort to stand there', async () => {
      const { topics } = await (await stage.any()).ask('ListOffsets', listRequest(topic, -1, 0));
      return topics[0]?.partitions[0]?.offset === 4;
    });
    await stable(stage, topic, 1);
    await stage.ask('one is open', 'Fetch', fetchRequest(topic, 0));
    await two.end(true);
    await stable(stage, topic, 5);
    await stage.ask('both have ended', 'Fetch', fetchRequest(topic, 0));
    await stage.ask('from behind the abort', 'Fetch', fetchRequest(topic, 4));
    await stage.ask('from within', 'Fetch', fetchRequest(topic, 2));
    await one.added();
    stage.note('goes on', await one.write(['d']));
    await one.end(true);
    await stable(stage, topic, 7);
    await stage.ask('all', 'Fetch', fetchRequest(topic, 0));
  },

  'who takes the id ends what was open': async (stage) => {
    const topic = await stage.makeTopic();
    const old = await Producer.begin(stage, topic);
    await old.added();
    await old.write(['a']);
    stage.note('taken', await old.init());
    await stable(stage, topic, 2);
    const taken = await until('the id to be free', async () => {
      const answer = await old.init();
      return answer.errorCode === 0 ? answer : undefined;
    });
    stage.note('the new one', taken);
    stage.note('the old one writes', await old.write(['b']));
    stage.note('adds', await old.add());
    stage.note('commits', await old.end(true));
    await stage.ask('read', 'Fetch', fetchRequest(topic, 0));
  },

  'what a transaction cannot do is refused by its code': async (stage) => {
    const topic = await stage.makeTopic();
    const producer = await Producer.begin(stage, topic);
    stage.note('ends nothing', await producer.end(true));
    const { who } = producer;
    producer.who = { ...who, producerId: who.producerId + 1_000 };
    stage.note('adds as another one', await producer.add());
    stage.note('ends as another one', await producer.end(true));
    producer.who = { ...who, producerEpoch: who.producerEpoch + 1 };
    stage.note('adds in a later epoch', await producer.add());
    producer.who = who;
    const coordinator = await stage.any(await stage.coordinatorOf(producer.id, 1));
    const ask = (transactionTimeoutMs: number) => ({ transactionalId: producer.id, transactionTimeoutMs });
    await stage.ask('too long a time', 'InitProducerId', ask(3_600_000), coordinator);
    await stage.ask('no time', 'InitProducerId', ask(0), coordinator);
  },

  'offsets of a transaction count when it is committed': async (stage) => {
    const topic = await stage.makeTopic();
    const producer = await Producer.begin(stage, topic);
    const on = await stage.any(await stage.coordinatorOf());
    const commit = (offset: number) =>
      on.ask('TxnOffsetCommit', {
        ...{ transactionalId: producer.id, groupId: stage.name, ...producer.who },
        topics: [{ name: topic, partitions: [{ index: 0, offset, metadata: 'text' }] }],
      });
    const committed = async () => {
      const topics = [{ name: topic, partitions: [0] }];
      const answer = await on.ask('OffsetFetch', { groupId: stage.name, topics });
      return answer.topics[0]?.partitions[0]?.offset;
    };
    stage.note('group added', await producer.addOffsets(stage.name));
    stage.note('committed within', await commit(5));
    stage.note('not yet', await committed());
    await producer.end(true);
    await until('offsets to count', async () => (await committed()) === 5);
    await until('the next one', async () => (await producer.addOffsets(stage.name)).errorCode === 0);
    await commit(9);
    await producer.end(false);
    await until('the one after', async () => (await producer.addOffsets(stage.name)).errorCode === 0);
    stage.note('of the aborted one nothing', await committed());
    await producer.end(false);
  },
};
