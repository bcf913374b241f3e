import { EventEmitter } from 'node:events';

/** The network's side of a socket. */
export interface Wire {
  write(bytes: Buffer): void;
  close(): void;
  /** Closed because of an error that the process itself has found. */
  giveUp(): void;
}

/**
 * As much of a socket as a Kafka client uses. No stream: what it emits it emits at once, so that a packet's arrival and all
 * that follows from it is one step.
 */
export class SimulatedSocket extends EventEmitter {
  readonly #wire: Wire;
  #state: 'open' | 'ended' | 'destroyed' = 'open';

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** As with a real one, what is written behind its end destroys it. */
  write(bytes: Buffer): boolean {
    if (this.#state === 'open') this.#wire.write(bytes);
    else this.destroy(Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' }));
    return this.#state === 'open';
  }

  end(): this {
    this.#close('ended');
    return this;
  }

  /** As with a real one, whoever destroys it hears of the error afterwards. */
  destroy(error?: Error): this {
    if (this.#state === 'destroyed') return this;
    if (error !== undefined && this.#state === 'open') this.#wire.giveUp();
    this.#close('destroyed');
    process.nextTick(() => this.#closed(error));
    return this;
  }

  /** Also one that was ended before it was connected. */
  connected(tell: () => void): void {
    if (this.#state !== 'destroyed') tell();
  }

  received(bytes: Buffer): void {
    if (this.#state !== 'destroyed') this.emit('data', bytes);
  }

  /** The other side has hung up. */
  ended(): void {
    if (this.#state === 'destroyed') return;
    this.#state = 'destroyed';
    this.emit('end');
    this.emit('close', false);
  }

  refused(): void {
    this.#fail('ECONNREFUSED', 'connect ECONNREFUSED');
  }

  wasReset(): void {
    this.#fail('ECONNRESET', 'read ECONNRESET');
  }

  setKeepAlive(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #fail(code: string, message: string): void {
    if (this.#state === 'destroyed') return;
    this.#state = 'destroyed';
    this.#closed(Object.assign(new Error(message), { code }));
  }

  #close(state: 'ended' | 'destroyed'): void {
    if (this.#state === 'open') this.#wire.close();
    this.#state = state;
  }

  #closed(error: Error | undefined): void {
    if (error !== undefined) this.emit('error', error);
    this.emit('close', error !== undefined);
  }
}
