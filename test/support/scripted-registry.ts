import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer as it goes over the wire: a text as it is, anything else as JSON. */
export interface RegistryAnswer {
  readonly status?: number;
  readonly body: unknown;
}

/** A registry that answers what it is told to. */
export interface ScriptedRegistry {
  /** As in `SCHEMA_REGISTRY_URL`. */
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** What stands under a path; a function is asked anew each time. Any other path is answered with 404 and 40403. */
  readonly answers: Map<string, RegistryAnswer | (() => RegistryAnswer)>;
  /** Puts a schema under an id; a text is taken as it is. */
  put(id: number, schema: unknown, more?: object): void;
}

export const NOT_FOUND: RegistryAnswer = { status: 404, body: { error_code: 40403, message: 'Schema not found' } };

/** Listens on this machine until the test ends. */
export async function scriptedRegistry(): Promise<ScriptedRegistry> {
  const asked: string[] = [];
  const answers: ScriptedRegistry['answers'] = new Map();
  const server = createServer(({ url = '' }, outgoing) => {
    asked.push(url);
    const found = answers.get(url) ?? NOT_FOUND;
    const { status = 200, body } = typeof found === 'function' ? found() : found;
    const isText = typeof body === 'string';
    outgoing.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json' });
    outgoing.end(isText ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    put(id, schema, more = {}) {
      const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
      answers.set(`/schemas/ids/${id}`, { body: { schema: text, ...more } });
    },
  };
}
