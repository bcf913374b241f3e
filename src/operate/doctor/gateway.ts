import { isIPv4 } from 'node:net';
import type { GatewayAnswer, GatewayLook } from '../../http/gateway-look.ts';
import { checkValidity } from './certificates.ts';
import { fail, ok, warn, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { words, type Trouble } from './trouble.ts';

/** Below the resolution of an HTTP date nothing can be said of the clock. Milliseconds. */
const SKEW_MS = { resolution: 1_000, warn: 5_000, fail: 60_000 };

type Failed = Exclude<GatewayLook, GatewayAnswer>;

/** Whether the gateway can be reached and proves who it is; whether its clock and ours agree. */
export function checkGateway(url: URL, gateway: Seen<GatewayLook>, now: number): Check[] {
  const name = 'gateway';
  const remedy = 'check GATEWAY_URL, and what stands between: firewall, proxy, DNS';
  if ('unseen' in gateway) return [fail(name, `cannot reach: ${url.host}: ${words(gateway.unseen)}`, remedy)];
  const { seen } = gateway;
  if (seen.kind === 'no_response') {
    const { finding, remedy: mend } = troubleOf(seen, url);
    return [fail(name, finding, mend)];
  }
  const how = url.protocol === 'https:' ? 'answers over TLS' : 'answers without TLS';
  return [
    ok(name, `${url.host} ${how} (HEAD /, status ${seen.status}; no notification was sent)`),
    ...(seen.certificate === undefined ? [] : [checkValidity('gateway certificate', seen.certificate, now)]),
    checkClock(seen),
  ];
}

function troubleOf({ phase, code }: Failed, { host }: URL): Trouble {
  switch (phase) {
    case 'resolve':
      return {
        finding: `cannot reach: ${host} does not resolve (${code})`,
        remedy: 'check GATEWAY_URL and the DNS here',
      };
    case 'connect':
      return {
        finding: `cannot reach: ${host} takes no connection (${code})`,
        remedy: 'check GATEWAY_URL, and that firewalls let this machine out to it',
      };
    case 'tls':
      return {
        finding: `wrong: ${host} does not prove who it is (${code})`,
        remedy: 'set GATEWAY_CA_FILE where it has a private authority; else check GATEWAY_URL and what stands between',
      };
    case 'send':
    case 'await_response':
    case 'read_body':
      return {
        finding: `wrong: ${host} takes a connection and answers no HTTP (${code})`,
        remedy: 'check that GATEWAY_URL, with its port, is the gateway',
      };
  }
}

function checkClock({ date, at }: GatewayAnswer): Check {
  const name = 'clock';
  if (date === undefined) return warn(name, 'the gateway tells no time (no Date header)', 'see that NTP runs here');
  // The date was cut to the second.
  const skewMs = Math.max(0, Math.abs(at - date - SKEW_MS.resolution / 2) - SKEW_MS.resolution / 2);
  const finding = `${(skewMs / 1_000).toFixed(1)} s from the gateway's`;
  const remedy =
    'set the clock of this machine, and see that NTP runs: requests carry its time, and the gateway looks at it';
  if (skewMs > SKEW_MS.fail) return fail(name, `wrong: ${finding}`, remedy);
  return skewMs > SKEW_MS.warn ? warn(name, finding, remedy) : ok(name, finding);
}

/** Source: the interface's page names these hosts, and the prefix of sandbox client ids. */
const PRODUCTION_HOST = /^open-[a-z0-9-]+\.alipayplus\.com$/;
const SANDBOX_ID = /^SANDBOX_/;

/** Whether the client id and the address belong to the same of the gateway's two worlds. */
export function checkClientId(url: URL, clientId: string): Check {
  const name = 'client id';
  const { hostname } = url;
  const isSandbox = SANDBOX_ID.test(clientId);
  const isProduction = PRODUCTION_HOST.test(hostname);
  if (isSandbox && isProduction) {
    return fail(
      name,
      `wrong: a sandbox id (SANDBOX_…) at ${hostname}, which is production`,
      'take the id and the keys of production, or the sandbox address that the console shows for the application',
    );
  }
  if (isSandbox) return ok(name, `a sandbox id, and ${hostname} is no production host`);
  if (isProduction) return ok(name, `a production id at a production host`);
  if (isOurs(hostname)) return ok(name, `${hostname} is on this machine`);
  const mismatch = `a production id (without SANDBOX_) at ${hostname}, which is none of the gateway's production hosts`;
  const remedy = 'take the production address (open-….alipayplus.com), or the id and the keys of the sandbox';
  return /sandbox/i.test(hostname) ? fail(name, `wrong: ${mismatch}`, remedy) : warn(name, mismatch, remedy);
}

function isOurs(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
}
