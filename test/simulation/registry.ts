import type { Delays } from './delays.ts';
import type { SimulatedProcess } from './processes.ts';
import type { SimulatedTime } from './time.ts';

/** The schema registry, in place of whatever `fetch` reaches: the schemas it knows by their ids, or nothing at all. */
export class SimulatedRegistry {
  isAway = false;
  readonly #time: SimulatedTime;
  readonly #delaysOf: (process: SimulatedProcess) => Delays;
  readonly #schemas: ReadonlyMap<number, string>;
  readonly #fetch = globalThis.fetch;

  constructor(
    time: SimulatedTime,
    delaysOf: (process: SimulatedProcess) => Delays,
    schemas: ReadonlyMap<number, string>,
  ) {
    this.#time = time;
    this.#delaysOf = delaysOf;
    this.#schemas = schemas;
  }

  install(): void {
    globalThis.fetch = (input) => this.#ask(input instanceof Request ? input.url : input.toString());
  }

  uninstall(): void {
    globalThis.fetch = this.#fetch;
  }

  #ask(url: string): Promise<Response> {
    const asking = this.#time.current;
    if (asking === undefined) throw new Error(`nobody asked for ${url}`);
    const delays = this.#delaysOf(asking);
    return new Promise((resolve, reject) => {
      this.#time.after(delays.gatewayMs(), () => {
        const { isAway } = this;
        this.#time.reach(asking, delays.gatewayMs(), () => {
          if (isAway) reject(new TypeError('fetch failed'));
          else resolve(this.#answer(url));
        });
      });
    });
  }

  #answer(url: string): Response {
    const schema = this.#schemas.get(Number(/\/schemas\/ids\/(\d+)$/.exec(url)?.[1]));
    if (schema !== undefined) return Response.json({ schema });
    return Response.json({ error_code: 40403, message: 'Schema not found' }, { status: 404 });
  }
}
