/** Tells that something could not be closed. */
export type OnCloseFailure = (name: string, error: unknown) => void;

/** What was opened, to be closed in the opposite order. One that cannot be closed keeps no other from it. */
export class Closers {
  readonly #stack: { readonly name: string; readonly close: () => unknown }[] = [];
  readonly #onFailure: OnCloseFailure;

  constructor(onFailure: OnCloseFailure) {
    this.#onFailure = onFailure;
  }

  /** @param close may be asynchronous, and may fail */
  add(name: string, close: () => unknown): void {
    this.#stack.push({ name, close });
  }

  /** Closes everything, newest first, each once; what cannot be closed is told, and never thrown. */
  async close(): Promise<void> {
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
      try {
        await next.close();
      } catch (error) {
        this.#onFailure(next.name, error);
      }
    }
  }
}
