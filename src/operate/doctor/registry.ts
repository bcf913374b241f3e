import { askRegistry, registryRemedy, type RegistrySettings } from '../../kafka/avro/registry.ts';
import { createDecoder, type Decoder } from '../../kafka/avro/decoder.ts';
import { fail, ok, warn, type Check } from './check.ts';
import { look, type Seen } from './seen.ts';
import { words } from './trouble.ts';

type Decoded = Awaited<ReturnType<Decoder['decode']>>;

/** What the registry says of the schema that the source's values are written with, and what our decoder makes of that. */
export interface RegistrySeen {
  readonly subject: string;
  readonly latest: Seen<LatestSchema>;
  /** How bytes of that schema, none of them, are read; absent where there is no schema to try. */
  readonly read?: Seen<Decoded>;
}

/** An answer to the question for a subject's latest version. `code` is the registry's own. */
export interface LatestSchema {
  readonly status: number;
  readonly code?: number;
  readonly id?: number;
  readonly version?: number;
}

/** Asks the registry, and the decoder. */
export async function lookAtRegistry(
  settings: RegistrySettings,
  source: string,
  signal: AbortSignal,
): Promise<RegistrySeen> {
  const subject = `${source}-value`;
  const latest = await look(() => latestOf(settings, subject), signal);
  const id = 'seen' in latest ? latest.seen.id : undefined;
  if (id === undefined) return { subject, latest };
  const { decode } = createDecoder(settings);
  return { subject, latest, read: await look(() => decode(valueOf(id)), signal) };
}

async function latestOf(settings: RegistrySettings, subject: string): Promise<LatestSchema> {
  const answer = await askRegistry(settings, `/subjects/${encodeURIComponent(subject)}/versions/latest`);
  const body = (await answer.json().catch(() => ({}))) as { error_code?: number; id?: number; version?: number } | null;
  const { error_code: code, id, version } = body ?? {};
  return {
    status: answer.status,
    ...(code !== undefined && { code }),
    ...(answer.ok && id !== undefined && { id }),
    ...(version !== undefined && { version }),
  };
}

/** A value that ends behind its schema's id. */
function valueOf(id: number): Buffer {
  const value = Buffer.alloc(5);
  value.writeInt32BE(id, 1);
  return value;
}

const NO_SUBJECT = [40401, 40402];

/** Whether the registry answers us, and whether what is written now can be read. */
export function checkRegistry({ subject, latest, read }: RegistrySeen): Check[] {
  const name = 'registry';
  if ('unseen' in latest) {
    return [fail(name, `cannot reach: ${words(latest.unseen)}`, 'check SCHEMA_REGISTRY_URL and that it is up')];
  }
  const { status, code = 0, version } = latest.seen;
  if (status === 401 || status === 403) {
    const remedy = registryRemedy(Object.assign(new Error(), { status }));
    return [fail(name, `not allowed: it answered ${status}`, remedy)];
  }
  const reached = ok(name, 'answers');
  if (status === 404 && NO_SUBJECT.includes(code)) {
    return [
      reached,
      warn(
        'schema',
        `the registry has no subject ${subject}`,
        `register schemas/payment-final.avsc there; nothing is wrong if writers use another subject than <topic>-value`,
      ),
    ];
  }
  if (read === undefined) {
    return [fail(name, `wrong: it answered ${status}`, 'check that SCHEMA_REGISTRY_URL, with its path, is a registry')];
  }
  return [reached, checkSchema(`${subject}, version ${version ?? '?'},`, read)];
}

/** Bytes that hold nothing cannot be read; that it is they, and not the schema, is what we want to hear. */
function checkSchema(which: string, read: Seen<Decoded>): Check {
  const name = 'schema';
  if ('unseen' in read) return warn(name, `${which} cannot be looked at: ${words(read.unseen)}`, 'ask again');
  const { seen } = read;
  if (seen.kind === 'event' || seen.error === 'bytes') return ok(name, `${which} can be read`);
  return fail(
    name,
    `wrong: ${which} cannot be read: ${seen.detail}`,
    'let writers use a schema that resolves to schemas/payment-final.avsc; what is written with this one is dead-lettered',
  );
}
