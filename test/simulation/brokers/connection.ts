import { Reader, Writer } from './bytes.ts';
import type { Type } from './codec.ts';
import { ERROR } from './error-codes.ts';
import { APIS, type ApiName, type Request, type Response } from './messages/apis.ts';

/** Towards the client. */
export interface Connection {
  /** Delivered in order, whenever the network likes. */
  write(bytes: Buffer): void;
  /** The broker hangs up. */
  close(): void;
}

/** From the client. */
export interface ServerEnd {
  /** Any piece of what the client wrote. */
  receive(bytes: Buffer): void;
  /** The client is gone; nothing is written any more. */
  closed(): void;
}

/** Who asks, and whom. */
export interface Caller {
  readonly node: number;
  readonly clientId: string;
  readonly host: string;
  readonly principal: string;
  /** It has proved who it is. */
  become(principal: string): void;
  /** It has not: after this answer the connection ends. */
  sendAway(): void;
}

/** Who is at the other end of a connection; nobody knows where the `principal` is to be proved first. */
export interface Peer {
  readonly node: number;
  readonly host: string;
  readonly principal: string | undefined;
}

/** An answer that is there, or one that comes later: it is told once. */
export type Answer<R> = R | ((reply: (response: R) => void) => void);
/** What a broker answers to a request; `undefined` where it is asked to answer nothing. */
export type Handler<Name extends ApiName> = (
  request: Request<Name>,
  caller: Caller,
) => Answer<Response<Name> | undefined>;
export type Handlers = { readonly [Name in ApiName]: Handler<Name> };

const NAMES = new Map((Object.keys(APIS) as ApiName[]).map((name) => [APIS[name].key as number, name]));
const BEFORE_PROOF: readonly ApiName[] = ['ApiVersions', 'SaslHandshake', 'SaslAuthenticate'];
/** `socket.request.max.bytes` of a broker. */
const MOST_BYTES = 104_857_600;

/** One client's connection to a broker: its requests are answered one after the other, in their order. */
export class Session implements ServerEnd {
  readonly #connection: Connection;
  readonly #handlers: Handlers;
  readonly #peer: Peer;
  #principal: string | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Buffer[] = [];
  #isBusy = false;
  #isOver = false;
  #isSentAway = false;

  constructor(connection: Connection, handlers: Handlers, peer: Peer) {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#peer = peer;
    this.#principal = peer.principal;
  }

  receive(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0);
      if (length < 0 || length > MOST_BYTES) {
        this.hangUp();
        return;
      }
      if (this.#received.length < 4 + length) break;
      this.#waiting.push(this.#received.subarray(4, 4 + length));
      this.#received = this.#received.subarray(4 + length);
    }
    this.#next();
  }

  closed(): void {
    this.#isOver = true;
    this.#waiting = [];
  }

  /** The broker ends the connection. */
  hangUp(): void {
    if (this.#isOver) return;
    this.closed();
    this.#connection.close();
  }

  #next(): void {
    while (!this.#isBusy && !this.#isOver) {
      const frame = this.#waiting.shift();
      if (frame === undefined) return;
      this.#isBusy = true;
      try {
        this.#answer(new Reader(frame));
      } catch (error) {
        // A broker ends the connection of a client that it does not understand.
        if (!(error instanceof RangeError)) throw error;
        this.hangUp();
      }
    }
  }

  #answer(from: Reader): void {
    const [key, version, correlation, clientId] = [from.int16(), from.int16(), from.int32(), from.string() ?? ''];
    const name = NAMES.get(key);
    if (name === undefined) throw new RangeError(`unknown request ${key}`);
    const [first, last] = APIS[name].versions;
    if (version < first || version > last) {
      if (name !== 'ApiVersions') throw new RangeError(`${name} in version ${version}`);
      const refused = { errorCode: ERROR.UNSUPPORTED_VERSION, apiKeys: [], throttleTimeMs: 0 };
      this.#reply({ name, version: 0, correlation }, refused);
      return;
    }
    if (this.#principal === undefined && !BEFORE_PROOF.includes(name)) throw new RangeError(`${name} without proof`);
    const { node, host } = this.#peer;
    const caller: Caller = {
      ...{ node, host, clientId, principal: this.#principal ?? '' },
      become: (principal) => (this.#principal = principal),
      sendAway: () => (this.#isSentAway = true),
    };
    const handler = this.#handlers[name] as (request: unknown, caller: Caller) => Answer<object | undefined>;
    const answer = handler(APIS[name].request.read(from, version), caller);
    const reply = (response: object | undefined): void => this.#reply({ name, version, correlation }, response);
    if (typeof answer === 'function') (answer as (reply: (response: object | undefined) => void) => void)(reply);
    else reply(answer);
  }

  #reply({ name, version, correlation }: Asked, response: object | undefined): void {
    if (this.#isOver) return;
    if (response !== undefined) {
      const to = new Writer();
      to.int32(correlation);
      (APIS[name].response as Type<object>).write(to, response, version);
      this.#connection.write(to.framed());
    }
    if (this.#isSentAway) {
      this.hangUp();
      return;
    }
    const pauseMs = throttleTimeOf(response);
    if (pauseMs > 0) setTimeout(() => this.#goOn(), pauseMs);
    else this.#goOn();
  }

  #goOn(): void {
    this.#isBusy = false;
    this.#next();
  }
}

interface Asked {
  readonly name: ApiName;
  readonly version: number;
  readonly correlation: number;
}

/** So long a broker reads nothing more from a client that asks too much. */
function throttleTimeOf(response: object | undefined): number {
  return response !== undefined && 'throttleTimeMs' in response ? Number(response.throttleTimeMs) : 0;
}
