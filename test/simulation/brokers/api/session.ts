import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import { APIS, type ApiName } from '../messages/apis.ts';

const MECHANISMS = ['PLAIN'];

/** What every broker answers to whoever connects: what it understands, and whether it believes who that is. */
export function sessionHandlers(
  users: Readonly<Record<string, string>>,
): Pick<Handlers, 'ApiVersions' | 'SaslHandshake' | 'SaslAuthenticate'> {
  const apiKeys = (Object.keys(APIS) as ApiName[]).map((name) => {
    const { key, versions } = APIS[name];
    return { apiKey: key, minVersion: versions[0], maxVersion: versions[1] };
  });
  return {
    ApiVersions: () => ({ errorCode: ERROR.NONE, apiKeys, throttleTimeMs: 0 }),
    SaslHandshake: ({ mechanism }, caller) => {
      if (MECHANISMS.includes(mechanism)) return { errorCode: ERROR.NONE, mechanisms: MECHANISMS };
      caller.sendAway();
      return { errorCode: ERROR.UNSUPPORTED_SASL_MECHANISM, mechanisms: MECHANISMS };
    },
    SaslAuthenticate: ({ authBytes }, caller) => {
      const [, user = '', password] = authBytes.toString().split('\0');
      const answer = { authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 };
      if (users[user] !== undefined && users[user] === password) {
        caller.become(`User:${user}`);
        return { ...answer, errorCode: ERROR.NONE, errorMessage: null };
      }
      caller.sendAway();
      const errorMessage = 'Authentication failed: Invalid username or password';
      return { ...answer, errorCode: ERROR.SASL_AUTHENTICATION_FAILED, errorMessage };
    },
  };
}
