import { DEAD_LETTERS, OUTCOMES, SOURCE, tiersOf, topicOf } from '../plan.ts';
import type { RedriveEnding } from '../topics.ts';
import type { Fault, Makers } from './fault.ts';

const MOST_PARTITIONS = 6;
/** Longer than a session: what a member that is cut off has committed before it knows of it, is refused by then. */
const GONE_MS = { least: 10_000, most: 20_000 } as const;

/** What happens to topics, and what others than members write to them. */
export const TOPIC_FAULTS: Makers<'partitions_added' | 'topic_remade' | 'open_transaction' | 'redrive'> = {
  partitions_added: (fault) => {
    const { topics, plan } = fault.world;
    const count = topics.partitions + fault.random.between(1, 2);
    if (count > MOST_PARTITIONS) return;
    const all = [SOURCE, ...tiersOf(plan).map(topicOf), DEAD_LETTERS, OUTCOMES];
    const first = fault.random.pick([[SOURCE], all.slice(1), all.slice(0, 2), all]);
    topics.grow(first, count);
    const what = `to ${count}, ${first.length} of ${all.length} topics first`;
    fault.lasts(fault.random.between(0, 8_000), what, () => topics.grow(all, count));
  },
  topic_remade: (fault) => {
    const { topics, plan } = fault.world;
    const tier = fault.random.pick(tiersOf(plan));
    if (!topics.remove(tier)) return;
    fault.takes(fault.random.between(GONE_MS.least, GONE_MS.most), tier, () => topics.makeAnew(tier));
  },
  open_transaction: (fault) => {
    const { topics } = fault.world;
    const isCommitted = fault.random.next() < 0.5;
    const end = topics.openTransaction(`${fault.number}`, fault.random, isCommitted);
    fault.lasts(drawnMs(fault), isCommitted ? 'to be committed' : 'to be aborted', end);
  },
  redrive: (fault) => {
    const ending = fault.random.pick(ENDINGS);
    const end = fault.world.topics.redrive(fault.random, ending);
    if (end === undefined) return;
    fault.lasts(ending === 'killed' ? KEEPS_OUT_MS : drawnMs(fault), `to be ${ending}`, end);
    fault.world.moments.happened('redriving');
  },
};

const ENDINGS = [
  'committed',
  'committed',
  'committed',
  'aborted',
  'killed',
] as const satisfies readonly RedriveEnding[];
/** As long as a run that was killed keeps the next one out. */
const KEEPS_OUT_MS = 15_000;

/** Mostly as long as a program takes, sometimes longer than a redrive's transaction may be open. */
function drawnMs({ random }: Fault): number {
  return random.next() < 0.5 ? random.between(0, 300) : random.between(1_000, 15_000);
}
