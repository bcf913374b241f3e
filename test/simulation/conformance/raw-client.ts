import type { Socket } from 'node:net';
import { Reader, Writer } from '../brokers/bytes.ts';
import type { Type } from '../brokers/codec.ts';
import { APIS, type ApiName, type Request, type Response } from '../brokers/messages/apis.ts';

/** As much of a socket as is needed. */
export type Wire = Pick<Socket, 'write' | 'on' | 'end'>;

interface Asked {
  readonly name: ApiName;
  readonly version: number;
  readonly resolve: (response: never) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to one broker, which is asked in Kafka's words, and answers in its turn. */
export class RawClient {
  readonly #wire: Wire;
  readonly #clientId: string;
  readonly #asked = new Map<number, Asked>();
  #received = Buffer.alloc(0);
  #next = 1;

  constructor(wire: Wire, clientId: string) {
    this.#wire = wire;
    this.#clientId = clientId;
    wire.on('data', (bytes: Buffer) => this.#receive(bytes));
    wire.on('end', () => this.#fail(new Error('the broker hung up')));
    wire.on('error', (error) => this.#fail(error));
  }

  /** Asks in the newest version that is known here, or in another. Rejects where the broker hangs up. */
  ask<Name extends ApiName>(name: Name, request: Request<Name>, version?: number): Promise<Response<Name>> {
    const asked = version ?? APIS[name].versions[1];
    const correlation = this.#next;
    this.#next += 1;
    const to = new Writer();
    to.int16(APIS[name].key);
    to.int16(asked);
    to.int32(correlation);
    to.string(this.#clientId);
    (APIS[name].request as Type<object>).write(to, request, asked);
    return new Promise((resolve, reject) => {
      this.#asked.set(correlation, { name, version: asked, resolve: resolve, reject });
      this.#wire.write(to.framed());
    });
  }

  /** Writes any bytes as a request. */
  write(bytes: Buffer): void {
    this.#wire.write(bytes);
  }

  close(): void {
    this.#wire.end();
    this.#fail(new Error('closed'));
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0);
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      const from = new Reader(frame);
      const correlation = from.int32();
      const asked = this.#asked.get(correlation);
      this.#asked.delete(correlation);
      if (asked === undefined) continue;
      const response = APIS[asked.name].response.read(from, asked.version);
      if (from.left > 0) asked.reject(new Error(`${asked.name}: ${from.left} bytes of the answer are left`));
      else asked.resolve(response as never);
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
