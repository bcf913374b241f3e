import { array, bytes, int16, int32, int64, nullableString, string, struct, type Of } from '../codec.ts';
import { GROUP_APIS } from './groups.ts';
import { RECORD_APIS } from './records.ts';
import { TOPIC_APIS } from './topics.ts';
import { TRANSACTION_APIS } from './transactions.ts';

const CONNECTION_APIS = {
  SaslHandshake: {
    key: 17,
    versions: [1, 1],
    request: struct({ mechanism: string }),
    response: struct({ errorCode: int16, mechanisms: array(string) }),
  },
  ApiVersions: {
    key: 18,
    versions: [0, 2],
    request: struct({}),
    response: struct({
      errorCode: int16,
      apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
      throttleTimeMs: int32,
    }),
  },
  SaslAuthenticate: {
    key: 36,
    versions: [1, 1],
    request: struct({ authBytes: bytes }),
    response: struct({ errorCode: int16, errorMessage: nullableString, authBytes: bytes, sessionLifetimeMs: int64 }),
  },
} as const;

/** Every message that a broker understands: its number, its first and last version, and how request and answer stand on the wire. */
export const APIS = { ...CONNECTION_APIS, ...RECORD_APIS, ...TOPIC_APIS, ...GROUP_APIS, ...TRANSACTION_APIS };

export type ApiName = keyof typeof APIS;
export type Request<Name extends ApiName> = Of<(typeof APIS)[Name]['request']>;
export type Response<Name extends ApiName> = Of<(typeof APIS)[Name]['response']>;
