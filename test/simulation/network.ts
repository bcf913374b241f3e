import type { ISocketFactory } from 'kafkajs';
import type { Socket } from 'node:net';
import type { SimulatedProcess } from './processes.ts';
import { SimulatedSocket } from './socket.ts';
import type { SimulatedTime } from './time.ts';

/** What brokers are to whoever connects to them. */
export interface Brokers {
  /** Which node has this address; `undefined` where none has. */
  nodeAt(host: string, port: number): number | undefined;
  isUp(node: number): boolean;
  accept(node: number, connection: { write(bytes: Buffer): void; close(): void }): ServerEnd;
}

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

type Direction = 'out' | 'in';

/** Something on its way. */
interface Parcel {
  readonly direction: Direction;
  readonly arrive: () => void;
}

/** Every connection between processes and brokers. What is written arrives in order, late, in other pieces, or never. */
export class Network {
  readonly #time: SimulatedTime;
  readonly #brokers: Brokers;
  readonly #weatherOf: (process: SimulatedProcess) => Weather;
  readonly #links = new Set<Link>();
  /** `<process> <node>`, both ways. */
  readonly #cut = new Set<string>();
  /** Told when a process gives a connection up while something is on its way there: nobody knows what comes of it. */
  onGivenUp: (process: SimulatedProcess) => void = () => undefined;

  constructor(time: SimulatedTime, brokers: Brokers, weatherOf: (process: SimulatedProcess) => Weather) {
    this.#time = time;
    this.#brokers = brokers;
    this.#weatherOf = weatherOf;
  }

  /** How a process connects. */
  socketFactory(process: SimulatedProcess): ISocketFactory {
    return ({ host, port, onConnect }) => {
      const node = this.#brokers.nodeAt(host, port);
      const ends = { time: this.#time, weather: this.#weatherOf(process), process, node: node ?? 0 };
      const link: Link = new Link(
        ends,
        () => this.#links.delete(link),
        () => this.onGivenUp(process),
      );
      this.#links.add(link);
      if (this.#isCut(link)) link.hold();
      link.connect(() => this.#server(link), onConnect);
      return link.socket as unknown as Socket;
    };
  }

  /** Nothing goes through between them until they are joined again, and nobody is told. */
  cut(process: SimulatedProcess, node: number): void {
    this.#cut.add(pairOf(process, node));
    for (const link of this.#linksOf(process, node)) link.hold();
  }

  join(process: SimulatedProcess, node: number): void {
    this.#cut.delete(pairOf(process, node));
    for (const link of this.#linksOf(process, node)) link.release();
  }

  /** Connections between them end as if a router had forgotten them. */
  reset(process: SimulatedProcess, node: number): void {
    for (const link of this.#linksOf(process, node)) link.reset();
  }

  /** The process is no more: brokers hear of its connections' end. */
  abandon(process: SimulatedProcess): void {
    for (const link of [...this.#links]) if (link.process === process) link.abandon();
  }

  /** Connections of a process that it has not ended. */
  openOf(process: SimulatedProcess): number {
    return [...this.#links].filter((link) => link.process === process && link.socket.isOpen).length;
  }

  #server(link: Link): ServerEnd | undefined {
    if (link.node === 0 || !this.#brokers.isUp(link.node)) return undefined;
    return this.#brokers.accept(link.node, { write: (bytes) => link.write('in', bytes), close: () => link.hangUp() });
  }

  #linksOf(process: SimulatedProcess, node: number): Link[] {
    return [...this.#links].filter((link) => link.process === process && link.node === node);
  }

  #isCut({ process, node }: Link): boolean {
    return this.#cut.has(pairOf(process, node));
  }
}

function pairOf(process: SimulatedProcess, node: number): string {
  return `${process.name} ${node}`;
}

interface Ends {
  readonly time: SimulatedTime;
  readonly weather: Weather;
  readonly process: SimulatedProcess;
  readonly node: number;
}

/** One connection. */
class Link {
  readonly process: SimulatedProcess;
  readonly node: number;
  readonly socket: SimulatedSocket;
  readonly #time: SimulatedTime;
  readonly #weather: Weather;
  readonly #forget: () => void;
  #server: ServerEnd | undefined;
  /** What has left and not arrived, while nothing goes through. */
  #held: Parcel[] | undefined;
  readonly #arrivesAt = { out: 0, in: 0 };
  #state: 'open' | 'over' = 'open';

  constructor({ time, weather, process, node }: Ends, forget: () => void, tell: () => void) {
    this.#time = time;
    this.#weather = weather;
    this.process = process;
    this.node = node;
    this.#forget = forget;
    this.socket = new SimulatedSocket({
      write: (bytes) => this.write('out', bytes),
      close: () => this.#carry('out', () => this.hangUp()),
      giveUp: () => {
        if (this.#isCarrying()) tell();
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

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#state === 'over') this.#forget();
    for (const { direction, arrive } of held) this.#deliver(direction, 0, arrive);
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
    if (this.#held === undefined) this.#forget();
  }

  #isCarrying(): boolean {
    const { out, in: back } = this.#arrivesAt;
    return this.#held !== undefined || Math.max(out, back) > this.#time.now;
  }

  /** What is carried in one direction arrives in the order in which it left. */
  #carry(direction: Direction, arrive: () => void): void {
    const { now } = this.#time;
    const at = Math.max(now + this.#weather.delayMs(), this.#arrivesAt[direction]);
    this.#arrivesAt[direction] = at;
    this.#deliver(direction, at - now, () => {
      if (this.#held === undefined) arrive();
      else this.#held.push({ direction, arrive });
    });
  }

  #deliver(direction: Direction, ms: number, task: () => void): void {
    if (direction === 'in') this.#time.reach(this.process, ms, task);
    else this.#time.after(ms, task);
  }
}
