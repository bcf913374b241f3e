import type { Patched } from '../pipeline/facts.ts';

/** What injected instrumentation may have patched. */
export interface Patchable {
  readonly kafka: { readonly producer: unknown };
  readonly https: { readonly request: unknown };
}

/**
 * Which of OpenTelemetry's instrumentations, by its own names for them, were injected into this process and patched what
 * writes records or sends requests. `kafkajs` writes a `traceparent` over the origin's on parked records and dead letters,
 * `http` adds one to signed requests.
 */
export function instrumentedBy({ kafka, https }: Patchable): Patched[] {
  return [
    ...(isPatched(kafka.producer) ? ['kafkajs' as const] : []),
    ...(isPatched(https.request) ? ['http' as const] : []),
  ];
}

/** As OpenTelemetry marks a function that it has put in the place of another. */
function isPatched(candidate: unknown): boolean {
  return typeof candidate === 'function' && '__wrapped' in candidate;
}
