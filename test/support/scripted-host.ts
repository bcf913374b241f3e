import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import type { Host } from '../../src/cli/common/host.ts';
import { Terminal } from '../../src/cli/common/terminal.ts';
import type { EndingSignal } from '../../src/core/exit-codes.ts';

/** A stream that keeps what is written to it. */
export class Kept extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A process that is none: what a command writes is kept, signals are given by hand. */
export interface ScriptedHost extends Host {
  readonly written: { readonly out: Kept; readonly err: Kept };
  readonly exits: readonly number[];
  readonly gaveWay: boolean;
  signal(signal: EndingSignal): void;
}

export function scriptedHost({ env = {}, isTTY = false, input = '' } = {}): ScriptedHost {
  const signals = new EventEmitter();
  const exits: number[] = [];
  let gaveWay = false;
  const written = { out: new Kept(isTTY), err: new Kept(isTTY) };
  return {
    env,
    stdin: Readable.from([input]),
    out: new Terminal(written.out, env),
    err: new Terminal(written.err, env),
    onSignal: (listener) => {
      signals.on('signal', listener);
      return () => signals.off('signal', listener);
    },
    giveWay: () => {
      gaveWay = true;
    },
    get gaveWay() {
      return gaveWay;
    },
    exit: (code) => exits.push(code),
    written,
    exits,
    signal: (signal) => signals.emit('signal', signal),
  };
}
