import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import { APIS, type ApiName } from '../messages/apis.ts';

/** What every broker answers to whoever connects: what it understands, and that anybody may come in. */
export function sessionHandlers(): Pick<Handlers, 'ApiVersions' | 'SaslHandshake' | 'SaslAuthenticate'> {
  const apiKeys = (Object.keys(APIS) as ApiName[]).map((name) => {
    const { key, versions } = APIS[name];
    return { apiKey: key, minVersion: versions[0], maxVersion: versions[1] };
  });
  return {
    ApiVersions: () => ({ errorCode: ERROR.NONE, apiKeys, throttleTimeMs: 0 }),
    SaslHandshake: () => ({ errorCode: ERROR.NONE, mechanisms: ['PLAIN'] }),
    SaslAuthenticate: () => ({
      ...{ errorCode: ERROR.NONE, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 },
    }),
  };
}
