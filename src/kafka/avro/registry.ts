/** How to reach the registry. */
export interface RegistrySettings {
  /** With the path under which the Confluent API stands. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** What no answer within this time is worth waiting for, in milliseconds. */
export const REGISTRY_TIMEOUT_MS = 3_000;
/** The same for what changes the registry: it may have to write to its own store first. */
const REGISTERING_TIMEOUT_MS = 15_000;

/** What an operator can do where the registry did not do what it was asked. */
export function registryRemedy(error: unknown): string {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return status === 401 || status === 403
    ? 'the registry refuses this user: check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD_FILE'
    : 'check SCHEMA_REGISTRY_URL and that it is up';
}

/**
 * Asks the registry what its client does not tell: a POST where there is a body, else a GET. Throws, with the remedy,
 * where it does not answer.
 */
export async function askRegistry(settings: RegistrySettings, path: string, body?: object): Promise<Response> {
  const { username, password } = settings;
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  const answer = fetch(`${settings.url.replace(/\/+$/, '')}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/vnd.schemaregistry.v1+json',
      ...(username !== undefined && { authorization: `Basic ${credentials}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(body === undefined ? REGISTRY_TIMEOUT_MS : REGISTERING_TIMEOUT_MS),
  });
  return answer.catch((error: unknown) => {
    throw new Error('the schema registry does not answer; check SCHEMA_REGISTRY_URL and that it is up', {
      cause: error,
    });
  });
}

/** A schema as its writer registered it. */
export interface RegisteredSchema {
  /** `AVRO`, `JSON`, `PROTOBUF`, or what else a registry may know. */
  readonly type: string;
  readonly text: string;
  /** The schemas that it refers to, and those that these refer to. */
  readonly references: readonly string[];
}

/** The registry's own codes for what it does not have; a bare 404 may come from anything on the way. */
const NOT_THERE: readonly unknown[] = [40401, 40402, 40403];

/**
 * Looks a schema up, whatever can be made of it.
 *
 * @returns `undefined` where the registry says that it does not know it, or one that it refers to. Throws, with a
 *   `status` where there was one, for anything that is no answer of a registry: that has to be waited for.
 */
export async function findSchema(settings: RegistrySettings, id: number): Promise<RegisteredSchema | undefined> {
  const found = await ask(settings, `/schemas/ids/${id}`);
  if (found === undefined) return undefined;
  const paths = new Set(found.references);
  const references: string[] = [];
  for (const path of paths) {
    const other = await ask(settings, path);
    if (other === undefined) return undefined;
    for (const reference of other.references) paths.add(reference);
    references.push(other.text);
  }
  return { ...found, references };
}

/** @returns with the paths under which what it refers to stands */
async function ask(settings: RegistrySettings, path: string): Promise<RegisteredSchema | undefined> {
  const answer = await askRegistry(settings, path);
  const body = (await answer.json().catch(() => null)) as Readonly<Record<string, unknown>> | null;
  if (answer.status === 404 && NOT_THERE.includes(body?.['error_code'])) return undefined;
  const { schema, schemaType = 'AVRO', references } = body ?? {};
  if (!answer.ok || typeof schema !== 'string') {
    const error = new Error(`the schema registry answered ${answer.status}, and no schema`);
    throw Object.assign(error, { status: answer.status });
  }
  const refersTo = (Array.isArray(references) ? references : []) as { subject: string; version: number }[];
  return {
    type: String(schemaType),
    text: schema,
    references: refersTo.map(({ subject, version }) => `/subjects/${encodeURIComponent(subject)}/versions/${version}`),
  };
}
