import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ADMIN_PATH, administer, isAdministration } from './admin.ts';
import type { Signer } from './answer.ts';
import { clientKeys } from './client-keys.ts';
import { type Reply, openReply } from './reply.ts';
import type { Profile } from './faults.ts';
import { loadIdentity } from './identity.ts';
import { listen } from './listener.ts';
import { latest } from './latest.ts';
import { type AskedService, type ServiceState, serviceState } from './page/facts.ts';
import type { Playback } from './playback.ts';
import { createPlayer, type ProfilesAtHand } from './player.ts';
import { createRequestLog, type Arrival, type ReceivedRequest } from './request-log.ts';
import { completeResult } from './result-page.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { paymentIdOf } from './verify-body.ts';
import { verifyRequest } from './verify-request.ts';

/**
 * The gateway simulator: Alipay+ as its documentation describes it, on this machine. It judges every request by rules of
 * its own, signs its answers with a key of its own, and breaks things as a fault profile says.
 */

/** Where it listens, whom it knows, and what it plays. */
export interface SimulatorOptions {
  /** TCP port; 0, the default, for any free one. */
  readonly port?: number;
  /** Address to listen on; `127.0.0.1` unless given. */
  readonly host?: string;
  /** Names and addresses the certificate is good for, besides `localhost` and `127.0.0.1`. */
  readonly hostNames?: readonly string[];
  /** What the gateway's URL has before the interface's own path, e.g. `/sandbox`; empty unless given. */
  readonly pathPrefix?: string;
  readonly clientId: string;
  /** The client's public key, for every key version, or a directory of `<keyVersion>.pem`. */
  readonly publicKey: string;
  /** Directory in which certificate and keys are kept and found again. */
  readonly stateDir: string;
  /** What is played from the start; else the first of those at hand, or every valid request is answered `S SUCCESS`. */
  readonly profile?: Profile;
  /** Profiles that can be chosen by name while it runs. */
  readonly profiles?: ProfilesAtHand;
  /** The service, to show whether it holds; asked once a second at most, while somebody looks at the page. */
  readonly service?: AskedService;
  /** Called once for each request when its answer is about to be sent; the entry lives on until it is settled. */
  readonly onRequest?: (entry: ReceivedRequest) => void;
  /** How many of the newest requests are kept; all of them unless given. */
  readonly keepRequests?: number;
  /** How many of the newest requests keep their body in memory; 100,000 unless given. */
  readonly keepBodies?: number;
}

/** A running simulator. */
export interface Simulator {
  /** `https://127.0.0.1:<port>`, without the path prefix. */
  readonly url: string;
  /** The page that shows what happens, for a browser. */
  readonly pageUrl: string;
  readonly port: number;
  /** PEM file of the certificate, to be trusted by clients. */
  readonly caFile: string;
  /** Directory with the public key that verifies the answers. */
  readonly publicKeysDir: string;
  /**
   * Plays another profile from now on; its clock and its counts begin anew, the attempts of payments go on.
   *
   * @throws {ProfileError} with every problem, and goes on with the profile before.
   */
  play(profile: Profile): void;
  /** The live list of requests in the order in which they were complete. */
  requests(): readonly ReceivedRequest[];
  /** Signs answers with another key from now on, as after a rotation; to make its public half known is the caller's. */
  signWith(gatewayKey: KeyObject): void;
  /** Forgets all requests and attempts. */
  clear(): void;
  /** Closes every connection, answered or not, and stops listening. */
  stop(): Promise<void>;
}

const INTERFACE_PATH = '/aps/api/v1/payments/notifyPushPayment';
const MAX_BODY_BYTES = 1024 * 1024;
const ASK_SERVICE_EVERY_MS = 1_000;

/**
 * Starts a simulator.
 *
 * @throws {Misconfigured} where the public key or the prefix cannot be used.
 * @throws {ProfileError} where the profile to begin with cannot be played.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, pathPrefix = '', clientId } = options;
  if (!/^(\/[^/?#\s]+)*$/.test(pathPrefix)) throw new Misconfigured(['the path prefix is like /sandbox, or empty']);
  const player = createPlayer(options.profiles ?? new Map(), options.profile);
  const path = `${pathPrefix}${INTERFACE_PATH}`;
  const redirectPath = `/redirected${path}`;
  const expectations = { path, clientId, keys: clientKeys(options.publicKey) };
  const identity = await loadIdentity(options.stateDir, options.hostNames ?? []);
  let signer: Signer = { path, clientId, gatewayKey: identity.gatewayKey, wrongKey: identity.wrongKey };
  const { keepRequests = Infinity, keepBodies = 100_000 } = options;
  const log = createRequestLog({ keepRequests, keepBodies });
  const service = watched(options.service);

  const answerRequest = async (request: IncomingMessage, reply: Reply): Promise<void> => {
    const { method = '', url = '' } = request;
    const headers = request.headersDistinct;
    const playback = (): Playback => player.playing().playback;
    const cut = method === 'POST' && url === path ? playback().beforeBody() : undefined;
    const body = cut === undefined ? await readBody(request) : Buffer.alloc(0);
    if (isAdministration(url)) {
      administer({ method, url, body }, reply.response, { log, player, service });
      return;
    }
    // Somebody looks whether a gateway is here, and asks it for nothing.
    if (method === 'HEAD' && url === '/') {
      reply.response.writeHead(404).end();
      return;
    }
    const enter = (judgement: Pick<Arrival, 'verification' | 'why'>, keyVersion = ''): ReceivedRequest => {
      const requestTime = headers['request-time']?.[0] ?? '';
      const opened = log.enter({ paymentId: paymentIdOf(body), keyVersion, requestTime, body, ...judgement });
      reply.enter(opened);
      return opened.entry;
    };
    if (cut !== undefined) {
      enter({ verification: 'not_read' });
      await reply.answer(cut, playback().baseDelayMs);
      return;
    }
    if (url === redirectPath) {
      enter({ verification: 'redirect_followed' });
      await reply.result(completeResult({}), 'good', 'S SUCCESS redirected');
      return;
    }
    const check = verifyRequest({ method, url, headers, body }, expectations);
    if (check.kind === 'refused') {
      enter({ verification: check.code, why: check.why }, check.keyVersion);
      const result = completeResult({ code: check.code, message: check.why });
      await reply.result(result, check.signed ? 'good' : 'none', `F ${check.code}`);
      return;
    }
    const { paymentId, attempt } = enter({ verification: 'verified' }, check.keyVersion);
    await reply.answer(playback().choose(paymentId, attempt), playback().baseDelayMs);
  };

  const listener = await listen({ host, port }, identity.tls, (request, response) => {
    const reply = openReply(response, {
      signer,
      redirectPath,
      reset: () => listener.reset(request),
      onAnswer: options.onRequest ?? (() => undefined),
    });
    // What fails here has lost its client; anything else must not leave a client waiting.
    answerRequest(request, reply).catch(() => response.destroy());
  });

  return {
    url: `https://127.0.0.1:${listener.port}`,
    pageUrl: `https://127.0.0.1:${listener.port}${ADMIN_PATH}/`,
    port: listener.port,
    caFile: identity.caFile,
    publicKeysDir: identity.publicKeysDir,
    play: (profile) => player.play(profile),
    signWith: (gatewayKey) => {
      signer = { ...signer, gatewayKey };
    },
    requests: () => log.list(),
    clear: () => log.clear(),
    stop: () => listener.close(),
  };
}

function watched(service: AskedService | undefined): () => ServiceState | undefined {
  if (service === undefined) return () => undefined;
  return latest(async () => serviceState(await service.ask(), service.where), ASK_SERVICE_EVERY_MS);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
