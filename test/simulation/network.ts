import type { ISocketFactory } from 'kafkajs';
import type { Socket } from 'node:net';
import { CUT, Link, type Direction, type ServerEnd, type Weather } from './link.ts';
import type { SimulatedProcess } from './processes.ts';
import type { SimulatedTime } from './time.ts';

/** What brokers are to whoever connects to them. */
export interface Brokers {
  /** Which node has this address; `undefined` where none has. */
  nodeAt(host: string, port: number): number | undefined;
  isUp(node: number): boolean;
  accept(node: number, connection: { write(bytes: Buffer): void; close(): void }): ServerEnd;
}

/** Every connection between processes and brokers. What is written arrives in order, late, in other pieces, or never. */
export class Network {
  readonly #time: SimulatedTime;
  readonly #brokers: Brokers;
  readonly #weatherOf: (process: SimulatedProcess) => Weather;
  readonly #links = new Set<Link>();
  /** On which connection each process has asked something last, by the number of what it was. */
  readonly #latest = new WeakMap<SimulatedProcess, Map<number, Link>>();
  /** `<process> <node>`, both ways. */
  readonly #cut = new Set<string>();
  /** Told when a process gives a connection up while something is on its way there: nobody knows what comes of it. */
  onGivenUp: (process: SimulatedProcess) => void = () => undefined;
  /** Told when a process asks something, by the number of what it is, before that is on its way. */
  onAsked: (process: SimulatedProcess, api: number) => void = () => undefined;

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
      const link: Link = new Link(ends, () => this.#links.delete(link), {
        givenUp: () => this.onGivenUp(process),
        sent: (request) => this.#asked(link, request.readInt16BE(API_AT)),
      });
      this.#links.add(link);
      if (this.#isCut(link)) link.hold(CUT);
      link.connect(() => this.#server(link), onConnect);
      return link.socket as unknown as Socket;
    };
  }

  /** Nothing goes through between them until they are joined again, and nobody is told. */
  cut(process: SimulatedProcess, node: number): void {
    this.#cut.add(pairOf(process, node));
    for (const link of this.#linksOf(process, node)) link.hold(CUT);
  }

  join(process: SimulatedProcess, node: number): void {
    this.#cut.delete(pairOf(process, node));
    for (const link of this.#linksOf(process, node)) link.release(CUT);
  }

  /**
   * What a process has asked last of this kind comes late, or the answer to it, and all that follows it there; its other
   * connections go on.
   *
   * @returns lets it come; `undefined` where that connection has ended
   */
  delay(process: SimulatedProcess, api: number, direction: Direction): (() => void) | undefined {
    const link = this.#latest.get(process)?.get(api);
    if (link?.socket.isOpen !== true) return undefined;
    const hold = { directions: [direction] };
    link.hold(hold);
    return () => link.release(hold);
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

  #asked(link: Link, api: number): void {
    const { process } = link;
    const latest = this.#latest.get(process) ?? new Map<number, Link>();
    this.#latest.set(process, latest.set(api, link));
    this.onAsked(process, api);
  }

  #linksOf(process: SimulatedProcess, node: number): Link[] {
    return [...this.#links].filter((link) => link.process === process && link.node === node);
  }

  #isCut({ process, node }: Link): boolean {
    return this.#cut.has(pairOf(process, node));
  }
}

/** Behind the length of a request. */
const API_AT = 4;

function pairOf(process: SimulatedProcess, node: number): string {
  return `${process.name} ${node}`;
}
