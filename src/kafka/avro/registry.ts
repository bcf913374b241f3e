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
  const answer = fetch(`${registryHost(settings)}${path}`, {
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

/** The configured URL as the client takes it. */
export function registryHost({ url }: RegistrySettings): string {
  return url.replace(/\/+$/, '');
}
