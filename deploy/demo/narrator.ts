import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { answerInWords } from '../../src/simulator/words.ts';
import type { LogLine } from './service.ts';
import type { Stage, Tone } from './stage.ts';

const NO_RESULT: Readonly<Record<string, string>> = {
  timeout: 'time is up, result unknown',
  redirect: 'not followed',
  untrusted_response: 'not believed',
};

/** Why an event became a dead letter, by its `notifier-dead-letter-reason`. */
export const WHY_DEAD: Readonly<Record<string, string>> = {
  rejected: 'the gateway refused it for good',
  retries_exhausted: 'tried for too long',
  undecodable: 'its bytes are no event',
  invalid_event: 'the event is invalid',
  too_large: 'the broker takes no record of this size',
};

/** A whole number as a place: 1st, 2nd, 3rd, 4th. */
export function ordinal(number: number): string {
  return `${number}${{ 1: 'st', 2: 'nd', 3: 'rd' }[number] ?? 'th'}`;
}

/** A request that reaches the gateway this soon after a hold began was on its way already. */
const ON_ITS_WAY_MS = 500;

/** Tells what happens as it happens: what was sent by the gateway's record, what became of it by the service's log. */
export class Narrator {
  /** Payment ids, or `partition:offset` of what is no event, that have come to their end as the service says. */
  readonly ended = new Set<string>();
  readonly #stage: Stage;
  readonly #isExtra: (paymentId: string) => boolean;
  readonly #requests = new Map<string, ReceivedRequest[]>();
  readonly #dueAt = new Map<string, number>();
  /** Epoch milliseconds; undefined while nothing is held. */
  #heldSince: number | undefined;
  #probes = 0;

  /** @param isExtra payments of which nothing is told */
  constructor(stage: Stage, isExtra: (paymentId: string) => boolean) {
    this.#stage = stage;
    this.#isExtra = isExtra;
  }

  get held(): boolean {
    return this.#heldSince !== undefined;
  }

  /** The gateway is about to answer a request. */
  seen(request: ReceivedRequest): void {
    if (this.#isProbe(request)) this.#probes += 1;
    if (this.#isExtra(request.paymentId)) return;
    const sameId = this.#requests.get(request.paymentId);
    if (sameId === undefined) this.#requests.set(request.paymentId, [request]);
    else sameId.push(request);
  }

  /** The service has logged a line. */
  heard(line: LogLine): void {
    switch (text(line, 'event')) {
      case 'attempt':
        this.#attempt(line);
        return;
      case 'dead_letter':
        this.#deadLetter(line);
        return;
      case 'behind_parked_key':
        this.#waits(line);
        return;
      case 'hold_began':
        this.#heldSince = Date.parse(text(line, 'time'));
        this.#probes = 0;
        this.#stage.line('service', `HOLD, ${text(line, 'reason')}: nothing is sent, parked or committed now`, 'bad');
        return;
      case 'hold_ended':
        this.#holdEnded(line);
        return;
      default:
        if (['warn', 'error', 'fatal'].includes(text(line, 'level'))) {
          this.#stage.line('service', `${text(line, 'level')}: ${text(line, 'msg')}`, 'bad');
        }
    }
  }

  #attempt(line: LogLine): void {
    const paymentId = text(line, 'paymentId');
    if (this.#isExtra(paymentId)) return;
    const request = this.#request(line, paymentId);
    const [consequence, tone] = this.#consequence(line, paymentId);
    this.#stage.line(paymentId, `${request}: ${consequence}`, tone);
    if (text(line, 'disposition') === 'complete') this.ended.add(paymentId);
  }

  /** What was sent and answered, by the gateway's record. */
  #request(line: LogLine, paymentId: string): string {
    const attempt = Number(line['attempt']);
    const requests = this.#requests.get(paymentId) ?? [];
    const request = requests.find((candidate) => candidate.attempt === attempt);
    if (request === undefined) return `${ordinal(attempt)} request, which the gateway never saw`;
    const due = this.#dueAt.get(paymentId);
    this.#dueAt.delete(paymentId);
    const again = [
      ...(requests[0]?.bodySha256 === request.bodySha256 ? ['same bytes'] : ['OTHER BYTES']),
      ...(due === undefined ? [] : [lateness(request.at - due)]),
    ];
    const how = this.#isProbe(request) ? ' as a probe' : attempt > 1 ? `, ${again.join(', ')}` : '';
    return `${ordinal(attempt)} request${how} → ${answerInWords(request.answered)}`;
  }

  #consequence(line: LogLine, paymentId: string): [string, Tone] {
    switch (text(line, 'disposition')) {
      case 'complete':
        return ['delivered', 'good'];
      case 'retry': {
        const notBefore = Date.parse(text(line, 'notBefore'));
        this.#dueAt.set(paymentId, notBefore);
        const why = NO_RESULT[text(line, 'reason')] ?? 'result unknown';
        return [`${why}, parked in tier ${text(line, 'retryTier')} until ${this.#stage.clock(notBefore)}`, 'waiting'];
      }
      case 'hold':
        return [this.#probes > 0 ? 'still held' : 'not the fault of this payment', 'bad'];
      default:
        return ['refused for good', 'bad'];
    }
  }

  /** There is no request to tell of; the gateway's record must say so too. */
  #waits(line: LogLine): void {
    const paymentId = text(line, 'paymentId');
    if (this.#isExtra(paymentId)) return;
    const unsent = this.#requests.has(paymentId) ? 'ALREADY SENT' : 'not sent';
    const until = this.#stage.clock(Date.parse(text(line, 'notBefore')));
    const where = `in tier ${text(line, 'waitsIn')} until ${until}`;
    this.#stage.line(paymentId, `${unsent}: waits ${where}, behind an earlier payment of its key`, 'waiting');
  }

  #deadLetter(line: LogLine): void {
    const origin = text(line, 'origin').split(':').slice(-2).join(':');
    const subject = text(line, 'paymentId') || origin;
    this.ended.add(subject);
    if (this.#isExtra(subject)) return;
    const reason = text(line, 'reason');
    const why = `${WHY_DEAD[reason] ?? reason} (${reason}, ${text(line, 'detail')})`;
    const sent = Number(line['attempts']) === 0 ? ', never sent' : '';
    this.#stage.line(subject, `dead letter${sent}: ${why}`, 'bad');
  }

  #holdEnded(line: LogLine): void {
    const seconds = (Number(line['heldMs']) / 1_000).toFixed(1);
    this.#heldSince = undefined;
    const probes = this.#probes;
    this.#probes = 0;
    this.#stage.line('service', `RESUMED unaided; for ${seconds} s nothing was sent but ${probes} probe(s)`, 'good');
  }

  #isProbe({ at }: ReceivedRequest): boolean {
    return this.#heldSince !== undefined && at > this.#heldSince + ON_ITS_WAY_MS;
  }
}

function lateness(ms: number): string {
  return ms < 0 ? `${-ms} ms TOO EARLY` : `${ms} ms after its time`;
}

function text(line: LogLine, name: string): string {
  const value = line[name];
  return typeof value === 'string' ? value : '';
}
