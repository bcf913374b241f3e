import { systemicCodes, type Exchange } from '../../src/core/outcome.ts';
import type { KafkaRecord, OutgoingRecord } from '../../src/core/record.ts';
import type { Fact, ProduceTarget } from '../../src/pipeline/facts.ts';
import { AllParkedKeys } from '../../src/pipeline/all-parked-keys.ts';
import { Gate } from '../../src/pipeline/gate.ts';
import type { Decoded, PipelineSettings, Ports, Publish, SentRequest } from '../../src/pipeline/ports.ts';
import { processRecord } from '../../src/pipeline/process-record.ts';
import { Waits } from '../../src/pipeline/waits.ts';
import { answer, paymentFinal, RETRY, ScriptedOwnership, sourceRecord, TOPOLOGY } from './fixtures.ts';

/** What the world outside answers; each part as a plain function that a test puts in. */
export interface Script {
  readonly decode?: () => Decoded | Promise<Decoded>;
  /** Given the number of the request, 1 for the first. */
  readonly send?: (request: number) => Exchange | Promise<Exchange>;
  readonly publish?: (target: ProduceTarget, record: OutgoingRecord) => ReturnType<Publish>;
  readonly settings?: Partial<PipelineSettings>;
}

/** What a broker says that took a record. */
export const WRITTEN = { offset: 7 };

/** How long a request takes in the world of a test. */
export const REQUEST_MS = 40;

/** A pipeline with scripted ports that writes down, in `story`, in what order they were asked. */
export class ScriptedPipeline {
  readonly ownership = new ScriptedOwnership();
  readonly story: string[] = [];
  readonly facts: Fact[] = [];
  readonly bodies: string[] = [];
  readonly written: (OutgoingRecord & { readonly target: ProduceTarget })[] = [];
  readonly parkedKeys = new AllParkedKeys();
  readonly waits = new Waits();
  readonly gate: Gate;
  readonly ports: Ports;

  constructor({ decode, send, publish, settings }: Script = {}) {
    const observe = (fact: Fact): void => {
      this.facts.push(fact);
      this.story.push(fact.kind === 'settled' ? fact.as.verdict : fact.kind);
    };
    this.gate = new Gate({ maxInFlight: 64, maxRate: 0, outageHoldAfter: 0 }, observe);
    this.ports = {
      decode: async () => {
        this.story.push('decode');
        return (await decode?.()) ?? { kind: 'event', event: paymentFinal() };
      },
      send: async (body, beforeSend): Promise<SentRequest> => {
        beforeSend();
        this.story.push('send');
        this.bodies.push(body.toString());
        const startedAt = Date.now();
        const exchange = (await send?.(this.bodies.length)) ?? answer('S', 'SUCCESS');
        return { exchange, keyVersion: '7', startedAt, durationMs: REQUEST_MS };
      },
      publish: async (target, record, mayWrite) => {
        mayWrite();
        this.story.push(`publish ${target}`);
        const answered = (await publish?.(target, record)) ?? { offset: this.written.length };
        if (answered !== 'too_large') this.written.push({ target, ...record });
        return answered;
      },
      parkedKeys: this.parkedKeys,
      waits: this.waits,
      observe,
      enter: (closing, from) => this.gate.enter(closing, from),
      keyWorked: (version) => this.story.push(`key ${version} worked`),
      now: () => Date.now(),
      settings: {
        topology: TOPOLOGY,
        retry: RETRY,
        systemic: systemicCodes(),
        timeOffset: '+08:30',
        ...settings,
      },
    };
  }

  async process(record: KafkaRecord = sourceRecord()): Promise<void> {
    await processRecord(record, this.ports, this.ownership);
  }

  /** Begins to process and tells what has come of it so far. */
  begin(record?: KafkaRecord): { readonly state: string } {
    const work = { state: 'going on' };
    this.process(record).then(
      () => (work.state = 'settled'),
      (error: unknown) => (work.state = error instanceof Error ? error.name : String(error)),
    );
    return work;
  }

  /** The headers of the first record that was written, as text. */
  get headers(): Record<string, string> {
    const entries = Object.entries(this.written[0]?.headers ?? {});
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  }
}
