import type { Explanation } from './survivors.ts';

/** The mutants of core and pipeline that no test kills, and why that is as it should be. */
export const EXPLAINED: readonly Explanation[] = [
  {
    file: 'src/core/assignment.ts',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'Every member has a share from the beginning; only the type of a map asks what if not.',
  },
  {
    file: 'src/core/assignment.ts',
    mutants: [['a < b', 'a <= b']],
    why: 'No two members share an id.',
  },
  {
    file: 'src/core/commit-front.ts',
    mutants: [["''", '"Stryker was here!"']],
    why: 'Both say nothing: neither is a list of ranges.',
  },
  {
    file: 'src/core/commit-front.ts',
    mutants: [['next <= this.#next', 'next < this.#next']],
    why: 'To pass to where it stands changes nothing: no offset lies between.',
  },
  {
    file: 'src/core/duration.ts',
    mutants: [
      ['[]', '["Stryker was here"]'],
      ["''", '"Stryker was here!"'],
    ],
    why: 'What stands for no match has no unit that is known, whatever it is.',
  },
  {
    file: 'src/core/event.ts',
    mutants: [["''", '"Stryker was here!"']],
    why: 'An absent message is as good as any short one: a message has no least length.',
  },
  {
    file: 'src/core/event.ts',
    mutants: [
      ['text.length <= max', 'false'],
      ['text.length <= max', 'text.length < max'],
    ],
    why: 'Costs an array for each text of each event: a text has at most as many code points as units.',
  },
  {
    file: 'src/core/copies.ts',
    mutants: [['a.tier < b.tier', 'a.tier <= b.tier']],
    why: 'Asked only where the tiers differ.',
  },
  {
    file: 'src/core/hold.ts',
    mutants: [['number < hold.since', 'number <= hold.since']],
    why: 'The request whose answer ended the hold was a probe; it has come back, and comes back no second time.',
  },
  {
    file: 'src/core/objective.ts',
    mutants: [
      ['time !== undefined', 'true'],
      ['replayBefore !== undefined', 'true'],
    ],
    why: 'Compared with an absent number every number is neither less nor greater; only the types ask.',
  },
  {
    file: 'src/core/outcome.ts',
    mutants: [['{ return undefined; }', '{}']],
    why: 'An answer that is no JSON stays undefined, which is no object, and is no result a line later.',
  },
  {
    file: 'src/core/outcome.ts',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'A code that is in no list can be taken out of it.',
  },
  {
    file: 'src/core/pace.ts',
    mutants: [['grown > FORGOTTEN_AT', 'grown >= FORGOTTEN_AT']],
    why: 'They differ for a single instant, in which the limit is ten times what was ever accepted.',
  },
  {
    file: 'src/core/provenance.ts',
    mutants: [['text !== undefined', 'true']],
    why: 'An absent header reads as the text undefined, which is no number; only the type asks.',
  },
  {
    file: 'src/core/provenance.ts',
    mutants: [["''", '"Stryker was here!"']],
    why: 'What stands for no header names no place, whatever it is.',
  },
  {
    file: 'src/core/ramp.ts',
    mutants: [['number <= this.#since', 'number < this.#since']],
    why: 'The last request before the end of a hold is the probe that ended it; it has come back.',
  },
  {
    file: 'src/core/recent-count.ts',
    mutants: [['current - SLOTS + 1', 'current - SLOTS - 1']],
    why: 'Costs two rounds: slots further back are places that are emptied later in the same loop.',
  },
  {
    file: 'src/core/recent-count.ts',
    mutants: [['slot * SLOT_MS > earliest', 'slot * SLOT_MS >= earliest']],
    why: 'The slot that begins at the earliest time gives that time, as the end of the loop does.',
  },
  {
    file: 'src/core/shortened.ts',
    mutants: [['text.slice(0, 2 * (most + 1))', 'text']],
    why: 'Costs an array as long as the text: no more of it is kept.',
  },
  {
    file: 'src/core/sending.ts',
    mutants: [
      ["sending.hold.kind === 'open'", 'false'],
      ["'open'", '""'],
      ["before.hold.kind === 'held'", 'true'],
    ],
    why: 'While a probe is on its way the hold lasts: only its answer ends it. The types cannot know.',
  },
  {
    file: 'src/core/signature.ts',
    mutants: [["''", '"Stryker was here!"']],
    why: 'Neither is base64.',
  },
  {
    file: 'src/core/signature.ts',
    mutants: [['{ return undefined; }', '{}']],
    why: 'A function that returns nothing returns undefined.',
  },
  {
    file: 'src/core/trace-context.ts',
    mutants: [
      ["''", '"Stryker was here!"'],
      ['[]', '["Stryker was here"]'],
    ],
    why: 'What stands for no match has no ids, whatever else it is.',
  },
  {
    file: 'src/core/trace-context.ts',
    mutants: [
      ['traceId === undefined || spanId === undefined', 'traceId === undefined && spanId === undefined'],
      ['traceId === undefined', 'false'],
      ['spanId === undefined', 'false'],
    ],
    why: 'A match has both ids, and no match has none; only the types ask for each.',
  },
  {
    file: 'src/core/trace-context.ts',
    mutants: [["typeof value === 'string'", 'true']],
    why: 'Bytes become text where they are matched; what is not ASCII is no trace in either way of reading.',
  },
  {
    file: 'src/pipeline/gate.ts',
    mutants: [['waiter?.(this.#pass())', 'waiter(this.#pass())']],
    why: 'Where somebody waits somebody is taken; only the type asks what if not.',
  },
  {
    file: 'src/pipeline/gate.ts',
    mutants: [['mayProbe(hold, now)', 'false']],
    why: 'Without it the time to wait is none or negative, and the same request leaves.',
  },
  {
    file: 'src/pipeline/gate.ts',
    mutants: [
      ["hold.kind === 'held'", 'true'],
      ["before.kind === 'held'", 'true'],
    ],
    why: 'What is open has no reason, so it is undefined either way; only the types ask.',
  },
  {
    file: 'src/pipeline/gate.ts',
    mutants: [["before.kind === 'held'", 'true']],
    why: 'A probe comes back into the hold it was sent in: only its answer ends it.',
  },
  {
    file: 'src/pipeline/process-record.ts',
    mutants: [['retryTier === undefined', 'false']],
    why: 'A record of the source has no time to wait for; only the type asks.',
  },
  {
    file: 'src/pipeline/send-queue.ts',
    mutants: [['nextRetry[1] < nextLive[1]', 'nextRetry[1] <= nextLive[1]']],
    why: 'No two waiters have come as the same one.',
  },
  {
    file: 'src/pipeline/send-queue.ts',
    mutants: [['waiter !== undefined', 'true']],
    why: 'Nobody is removed where nobody was taken; only the type asks.',
  },
];
