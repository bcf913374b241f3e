import { setTimeout as sleep } from 'node:timers/promises';
import * as api from '@opentelemetry/api';
import type { Outcome } from '../core/outcome.ts';
import { recordName, type TraceContext } from '../core/record.ts';
import type { AttemptFact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';
import { outcomeLabel } from './labels.ts';

/** What spans say beside their attempt. */
export interface SpansOptions {
  /** Of this package. */
  readonly version: string;
  /** The address that requests go to. */
  readonly target: URL;
  /** Told of what the SDK throws; nothing else comes of it. */
  readonly onFailure: (error: unknown) => void;
}

/** Makes attempts into spans. */
export interface Spans {
  readonly observe: Observe;
  /** Tells what is not told yet, and has the SDK export what it keeps, for a second at most. Never throws. */
  flush(): Promise<void>;
}

/** An SDK is reached through a proxy: ours, or that of another copy of the API, which the SDK came with. */
type Provider = api.TracerProvider & Partial<Pick<api.ProxyTracerProvider, 'getDelegate' | 'getDelegateTracer'>>;

type Flushing = api.TracerProvider & { forceFlush?(): Promise<void> };

const NAME = 'payment-notifier';
const FLUSHED_WITHIN_MS = 1_000;
const TOLD_WITHIN_MS = 1_000;
/** In a row a span costs half: after all that an event is, the processor no longer has an SDK's code at hand. */
const TOLD_AT_ONCE = 64;

/**
 * Tells the OpenTelemetry SDK in this process of every attempt: a span each, the child of the span in which the record was
 * written, or the root of a trace of its own where the record names none. Spans are made when their attempts are over, at most
 * a second later, so nothing of them can get into a request.
 *
 * @returns `undefined` where no SDK was registered before: then an attempt costs nothing
 */
export function createSpans({ version, target, onFailure }: SpansOptions): Spans | undefined {
  const provider: Provider = api.trace.getTracerProvider();
  const tracer = (provider.getDelegateTracer ?? provider.getTracer).call(provider, NAME, version);
  if (tracer === undefined) return undefined;
  const name = `POST ${target.pathname}`;
  const always = { kind: api.SpanKind.CLIENT, attributes: alwaysOf(target) };
  const tell = ({ trace, startTime, endTime, attributes, failed }: Untold): void => {
    const span = tracer.startSpan(name, { ...always, startTime }, contextOf(trace));
    span.setAttributes(attributes);
    if (failed) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end(endTime);
  };
  const untold: Untold[] = [];
  let due: NodeJS.Timeout | undefined;
  const tellAll = (): void => {
    clearTimeout(due);
    due = undefined;
    for (const one of untold.splice(0)) {
      try {
        tell(one);
      } catch (error) {
        onFailure(error);
      }
    }
  };
  return {
    observe: (fact) => {
      if (fact.kind !== 'attempt') return;
      due ??= setTimeout(tellAll, TOLD_WITHIN_MS).unref();
      if (untold.push(untoldOf(fact)) === TOLD_AT_ONCE) tellAll();
    },
    flush: async () => {
      tellAll();
      const sdk: Flushing = provider.getDelegate?.() ?? provider;
      try {
        await Promise.race([sdk.forceFlush?.(), sleep(FLUSHED_WITHIN_MS, undefined, { ref: false })]);
      } catch (error) {
        onFailure(error);
      }
    },
  };
}

/** Of an attempt only what its span says: the bytes of record and answer go. */
interface Untold {
  readonly trace: TraceContext | undefined;
  readonly startTime: api.HrTime;
  readonly endTime: api.HrTime;
  readonly attributes: api.Attributes;
  readonly failed: boolean;
}

function untoldOf(fact: AttemptFact): Untold {
  const failure = failureOf(fact.outcome);
  return {
    trace: fact.record.trace,
    startTime: hrTime(fact.startedAt),
    endTime: hrTime(fact.startedAt + fact.durationMs),
    attributes: attributesOf(fact, failure),
    failed: failure !== undefined,
  };
}

/** What is the same in all spans, and what a sampler sees. */
function alwaysOf(target: URL): api.Attributes {
  return {
    'http.request.method': 'POST',
    'url.full': target.href,
    'server.address': target.hostname,
    'server.port': Number(target.port || (target.protocol === 'https:' ? 443 : 80)),
  };
}

/**
 * As the line of the log says it: nothing secret, and no body. Names without `notifier.` are OpenTelemetry's. What does not
 * apply is `undefined`, which SDKs leave out: all of it in one literal costs a quarter of putting it together. SDKs check each
 * name for each span, three times where it is given at the start, and exporters write it, so what another one says already is
 * left out (tier and attempt, the origin of what is no copy, that a delivery is complete), and what all spans of a process
 * would say alike (Kafka, and the group).
 */
function attributesOf(fact: AttemptFact, failure: string | undefined): api.Attributes {
  const { record, provenance, outcome, exchange, attempt } = fact;
  return {
    'http.request.resend_count': attempt > 1 ? attempt - 1 : undefined,
    'http.response.status_code': exchange.kind === 'response' ? exchange.status : undefined,
    'error.type': failure,
    'messaging.destination.name': record.topic,
    'messaging.destination.partition.id': String(record.partition),
    'kafka.offset': record.offset,
    'notifier.payment_id': fact.paymentId,
    'notifier.origin': provenance.origin.topic === record.topic ? undefined : recordName(provenance.origin),
    'notifier.outcome': outcomeLabel(outcome),
    'notifier.result_code': outcome.kind === 'no_result' ? undefined : outcome.code,
    'notifier.disposition': failure === undefined ? undefined : fact.disposition.kind,
    'notifier.key_version': fact.keyVersion,
  };
}

/** The result code, or why there is none; `undefined` for a delivery. */
function failureOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'delivered':
      return undefined;
    case 'no_result':
      return outcome.reason;
    case 'rejected':
    case 'systemic':
    case 'unknown':
      return outcome.code;
  }
}

function contextOf(trace: TraceContext | undefined): api.Context {
  if (trace === undefined) return api.ROOT_CONTEXT;
  const { traceId, spanId, sampled } = trace;
  const traceFlags = sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE;
  return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** Epoch milliseconds as seconds and nanoseconds, by the microsecond: a number could also mean milliseconds since the start. */
function hrTime(epochMs: number): api.HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.floor((epochMs - seconds * 1_000) * 1_000) * 1_000];
}
