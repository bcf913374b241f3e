import * as kinds from '../kinds.ts';
import { field, optional, preset, required, section } from '../setting.ts';

const { duration, integer, matching } = kinds;
const clientId = matching(/^[\x21-\x7e]{1,128}$/, 'a client id; use 1 to 128 printable ASCII characters, no spaces');
const directory = matching(/^\P{Cc}+$/u, 'a path; write the path of a directory');

/** Where notifications go, as whom, and how long one may take. */
export const gateway = section({
  rows: {
    GATEWAY_URL: required(
      kinds.gatewayUrl,
      'https://open-sea-global.alipayplus.com',
      '`https://…`, without query or fragment; `http:` only for loopback hosts',
    ),
    GATEWAY_CLIENT_ID: required(clientId, 'the client id of the gateway console', 'our id at the gateway'),
    GATEWAY_AGENT_TOKEN_FILE: optional(kinds.headerSecret, 'file with the agent token, where one acts for an ACQP'),
    GATEWAY_CA_FILE: optional(kinds.certificates, 'extra CA for the gateway, PEM'),
    GATEWAY_TIMEOUT: preset(
      duration('10ms', '10m'),
      '5s',
      'one attempt, name look-up and connection included, to the last byte in',
    ),
  },
  make: (values) => ({
    url: values.GATEWAY_URL,
    clientId: values.GATEWAY_CLIENT_ID,
    ...field('agentToken', values.GATEWAY_AGENT_TOKEN_FILE),
    ...field('ca', values.GATEWAY_CA_FILE),
    timeoutMs: values.GATEWAY_TIMEOUT,
  }),
});

/** How much may be asked of the gateway at once and in a second. */
export const limits = section({
  rows: {
    GATEWAY_MAX_IN_FLIGHT: preset(integer(1, 10_000), '64', 'requests at once, whole process'),
    GATEWAY_MAX_RATE: preset(integer(0, 1_000_000), '0', 'attempts per second, whole process; 0 = no cap'),
  },
  make: (values) => ({ maxInFlight: values.GATEWAY_MAX_IN_FLIGHT, maxRate: values.GATEWAY_MAX_RATE }),
});

/** Where the keys of both sides are. */
export const keys = section({
  rows: {
    SIGNING_KEYS_DIR: required(
      directory,
      '/etc/payment-notifier/signing-keys',
      'directory: `<keyVersion>.pem` private keys; file `active` names the version to sign with (absent: the highest)',
    ),
    GATEWAY_PUBLIC_KEYS_DIR: required(
      directory,
      '/etc/payment-notifier/gateway-keys',
      'directory: `<name>.pem` public keys of the gateway; an answer verified by any is good',
    ),
  },
  make: (values) => ({ signingDir: values.SIGNING_KEYS_DIR, gatewayDir: values.GATEWAY_PUBLIC_KEYS_DIR }),
});
