import { recordName } from '../core/record.ts';
import type { Fact } from '../pipeline/facts.ts';
import { errorFields } from './error-fields.ts';
import type { FactHandlers } from './fact-handlers.ts';
import { LOG_EVENTS, type Tell } from './log-table.ts';
import { recordSentences, traceField } from './record-sentences.ts';
import { holdRemedy } from './remedies.ts';
import type { Throttle } from './throttle.ts';

/** At most so many lost events are named in a line. */
const MOST_NAMED = 50;

/** What each fact is worth saying. Normal operation says nothing but the attempts. */
export function sentences(tell: Tell, throttle: Throttle): FactHandlers {
  return {
    ...recordSentences(tell),
    fence_read: ({ records, tookMs }) =>
      tell('fence_read', 'info', 'read what is parked', { records, tookMs: Math.round(tookMs) }),
    consumed: () => undefined,
    due: () => undefined,
    committed: () => undefined,
    hold_probed: () => undefined,
    waiting: ({ for: target, record, error }) => {
      const place = target === 'open_transaction' ? ` of ${record.topic}:${String(record.partition)}` : '';
      const pass = throttle(`waiting for ${target}${place}`);
      if (pass === undefined) return;
      const about = {
        ...traceField(record),
        for: target,
        record: recordName(record),
        error: errorFields(error),
        ...pass,
      };
      const remedy = LOG_EVENTS.waiting.remedy[target];
      tell('waiting', 'warn', 'waiting, and trying again until it works', { ...about, remedy });
    },
    redrive_left_open: ({ result, record, transactionalId, error }) => {
      const pass = throttle(`redrive_left_open ${result}`);
      if (pass === undefined) return;
      const remedy = LOG_EVENTS.redrive_left_open.remedy[result];
      const about = { record: recordName(record), transactionalId, result, ...pass, remedy };
      const message = 'a redrive has left a transaction open, and retries wait behind it';
      if (result === 'ended') tell('redrive_left_open', 'warn', `${message} no longer`, about);
      else tell('redrive_left_open', 'warn', message, { ...about, error: errorFields(error) });
    },
    hold_began: ({ reason, paymentId, trace }) => {
      const message = 'sending is held; nothing is lost, and it resumes by itself once the cause is gone';
      const about = { ...traceField({ trace }), ...(paymentId !== '' && { paymentId }) };
      tell('hold_began', 'error', message, { reason, remedy: holdRemedy(reason), ...about });
    },
    hold_ended: ({ reason, heldMs }) =>
      tell('hold_ended', 'info', 'sending resumes', { reason, heldMs: Math.round(heldMs) }),
    pace: ({ limited, perSecond }) => {
      const message = 'the gateway refuses for the traffic; sending slower';
      if (limited) tell('pace', 'warn', message, { limited, perSecond: Math.round(perSecond) });
      else tell('pace', 'info', 'the gateway takes the traffic again', { limited });
    },
    joined: ({ generation, partitions }) => tell('joined', 'info', 'joined the group', { generation, partitions }),
    left: ({ clean, drainedMs }) => {
      const fields = { clean, drainedMs: Math.round(drainedMs) };
      if (clean) tell('left', 'info', 'left the group', fields);
      else tell('left', 'warn', 'left the group before all was drained', fields);
    },
    unserved: tellingUnserved(tell),
    topics_missing: tellingMissing(tell, throttle),
    parked_lost: ({ topic, origins }) => {
      const some = origins.slice(0, MOST_NAMED).map(recordName);
      const fields = { topic, lost: origins.length, origins: some, remedy: LOG_EVENTS.parked_lost.remedy };
      tell('parked_lost', 'error', 'events waited in a retry topic that was deleted, and are lost', fields);
    },
    expired: ({ topic, partition, committed, earliest }) => {
      const about = { topic, partition, committed, earliest, lost: earliest - committed };
      const message = 'the brokers deleted records before they were read';
      tell('expired', 'error', message, { ...about, remedy: LOG_EVENTS.expired.remedy });
    },
    corrupt: ({ topic, partition, offset, detail }) => {
      const pass = throttle(`corrupt ${recordName({ topic, partition, offset })}`);
      if (pass === undefined) return;
      const fields = { topic, partition, offset, detail, ...pass, remedy: LOG_EVENTS.corrupt.remedy };
      tell(
        'corrupt',
        'error',
        'a batch is not as it was written; its partition waits, and nothing of it is sent',
        fields,
      );
    },
    commit_failed: ({ error }) => {
      const pass = throttle('commit_failed');
      if (pass === undefined) return;
      tell('commit_failed', 'warn', 'offsets were not committed', { error: errorFields(error), ...pass });
    },
    join_failed: ({ error }) => {
      const pass = throttle('join_failed');
      if (pass === undefined) return;
      const message = 'joined, but the brokers do not say where to begin';
      tell('join_failed', 'warn', message, { error: errorFields(error), ...pass });
    },
    join_refused: ({ group, reason, error }) => {
      const pass = throttle('join_refused');
      if (pass === undefined) return;
      const about = {
        group,
        reason,
        error: errorFields(error),
        ...pass,
        remedy: LOG_EVENTS.join_refused.remedy[reason],
      };
      const what = {
        taken: 'is used by something else than this service',
        forbidden: 'is not open to this user',
        other_source: 'has another source than this member',
      };
      const message = `the group ${group} ${what[reason]}; nothing is read until this member can join it`;
      tell('join_refused', 'error', message, about);
    },
    not_left: ({ error }) => {
      const message = 'ended without leaving the group: it waits for this member, KAFKA_SESSION_TIMEOUT at most';
      tell('not_left', 'warn', message, { error: errorFields(error) });
    },
    key_reloaded: (fact) => tellKeys(fact, tell),
    instrumented: ({ patched }) => {
      if (patched.length === 0) return;
      const message = 'injected instrumentation changes what this service writes or sends';
      tell('instrumented', 'warn', message, { patched, remedy: LOG_EVENTS.instrumented.remedy });
    },
  };
}

function tellKeys({ result, detail }: Extract<Fact, { kind: 'key_reloaded' }>, tell: Tell): void {
  const fields = { result, detail };
  switch (result) {
    case 'ok':
      tell('key_reloaded', 'info', 'new keys are in use', fields);
      return;
    case 'fallback':
      tell('key_reloaded', 'warn', 'signing with another key version than the active one', fields);
      return;
    case 'rejected':
      tell('key_reloaded', 'error', 'new keys refused; the old ones stay in use', fields);
  }
}

/** Told at once and then now and then, as long as it lasts. */
function tellingMissing(tell: Tell, throttle: Throttle): FactHandlers['topics_missing'] {
  let told = false;
  return ({ topics }) => {
    for (const { topic, role } of topics) {
      if (throttle(`topics_missing ${topic}`) === undefined) continue;
      const remedy = LOG_EVENTS.topics_missing.remedy[role];
      tell('topics_missing', 'error', `the topic ${topic} is gone`, { topic, remedy });
    }
    if (told && topics.length === 0) tell('topics_missing', 'info', 'every topic is there again', { topics });
    told = topics.length > 0;
  };
}

/** Told when it changes, not each time it is looked at. */
function tellingUnserved(tell: Tell): FactHandlers['unserved'] {
  let told = '';
  return ({ partitions }) => {
    const names = partitions.join(', ');
    if (names === told) return;
    told = names;
    const { remedy } = LOG_EVENTS.unserved;
    const what = 'source partitions are not read: a retry or dead-letter topic has fewer partitions';
    if (names === '') tell('unserved', 'info', 'every source partition is served', { partitions });
    else tell('unserved', 'error', what, { partitions, remedy });
  };
}
