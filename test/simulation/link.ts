import type { SimulatedProcess } from './processes.ts';
import { SimulatedSocket } from './socket.ts';
import type { SimulatedTime } from './time.ts';

/** A connection as its broker has it. */
export interface ServerEnd {
  receive(bytes: Buffer): void;
  closed(): void;
}

/** How long a packet takes, in milliseconds, and how it is cut. */
export interface Weather {
  delayMs(): number;
  /** After how many of these bytes the packet ends; the rest is the next one. */
  packetOf(bytes: number): number;
}

/** Away from the process, and towards it. */
export type Direction = 'out' | 'in';

/** Something that lets nothing through. */
export interface Hold {
  readonly directions: readonly Direction[];
}

export const CUT: Hold = { directions: ['out', 'in'] };

interface Ends {
  readonly time: SimulatedTime;
  readonly weather: Weather;
  readonly process: SimulatedProcess;
  readonly node: number;
}

/** Who hears of what happens on a connection. */
interface Listener {
  givenUp(): void;
  sent(bytes: Buffer): void;
}

/** One connection. */
export class Link {
  readonly process: SimulatedProcess;
  readonly node: number;
  readonly socket: SimulatedSocket;
  readonly #time: SimulatedTime;
  readonly #weather: Weather;
  readonly #forget: () => void;
  #server: ServerEnd | undefined;
  readonly #holds = new Set<Hold>();
  /** What has left and not arrived, while it is held. */
  readonly #held: Record<Direction, (() => void)[]> = { out: [], in: [] };
  readonly #arrivesAt = { out: 0, in: 0 };
  #state: 'open' | 'over' = 'open';

  constructor({ time, weather, process, node }: Ends, forget: () => void, listener: Listener) {
    this.#time = time;
    this.#weather = weather;
    this.process = process;
    this.node = node;
    this.#forget = forget;
    this.socket = new SimulatedSocket({
      write: (bytes) => {
        listener.sent(bytes);
        this.write('out', bytes);
      },
      close: () => this.#carry('out', () => this.hangUp()),
      giveUp: () => {
        if (this.#isCarrying()) listener.givenUp();
      },
    });
  }

  connect(accept: () => ServerEnd | undefined, onConnect: () => void): void {
    this.#carry('out', () => {
      if (this.#state === 'over') return;
      this.#server = accept();
      const isAccepted = this.#server !== undefined;
      if (!isAccepted) this.#end();
      this.#carry('in', () => (isAccepted ? this.socket.connected(onConnect) : this.socket.refused()));
    });
  }

  write(direction: Direction, bytes: Buffer): void {
    if (this.#state === 'over') return;
    for (let rest = bytes; rest.length > 0;) {
      const packet = rest.subarray(0, this.#weather.packetOf(rest.length));
      rest = rest.subarray(packet.length);
      this.#carry(direction, () => this.#arrived(direction, packet));
    }
  }

  /** The broker ends the connection, also in answer to its end. */
  hangUp(): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#carry('in', () => this.socket.ended());
  }

  reset(): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#time.reach(this.process, 0, () => this.socket.wasReset());
  }

  /** The process is gone; its machine tells the broker. */
  abandon(): void {
    this.#carry('out', () => this.#end());
  }

  hold(hold: Hold): void {
    this.#holds.add(hold);
  }

  release(hold: Hold): void {
    if (!this.#holds.delete(hold)) return;
    if (this.#state === 'over' && this.#holds.size === 0) this.#forget();
    for (const direction of hold.directions.filter((one) => !this.#isHeld(one))) {
      for (const arrive of this.#held[direction].splice(0)) this.#deliver(direction, 0, arrive);
    }
  }

  #arrived(direction: Direction, bytes: Buffer): void {
    if (direction === 'in') this.socket.received(bytes);
    else if (this.#state === 'open') this.#server?.receive(bytes);
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#server?.closed();
    // What is held back still has to arrive.
    if (this.#holds.size === 0) this.#forget();
  }

  #isCarrying(): boolean {
    const { out, in: back } = this.#arrivesAt;
    return this.#holds.size > 0 || Math.max(out, back) > this.#time.now;
  }

  /** What is carried in one direction arrives in the order in which it left. */
  #carry(direction: Direction, arrive: () => void): void {
    const { now } = this.#time;
    const at = Math.max(now + this.#weather.delayMs(), this.#arrivesAt[direction]);
    this.#arrivesAt[direction] = at;
    this.#deliver(direction, at - now, () => {
      if (this.#isHeld(direction)) this.#held[direction].push(arrive);
      else arrive();
    });
  }

  #isHeld(direction: Direction): boolean {
    return this.#holds.size > 0 && [...this.#holds].some(({ directions }) => directions.includes(direction));
  }

  #deliver(direction: Direction, ms: number, task: () => void): void {
    if (direction === 'in') this.#time.reach(this.process, ms, task);
    else this.#time.after(ms, task);
  }
}
