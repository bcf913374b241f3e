import { parentPort } from 'node:worker_threads';
import { summaryOf } from './coverage.ts';
import { simulate } from './simulate.ts';

const port = parentPort;
if (port === null) throw new Error('this is for a worker');
// One world after the other: they share the clock of this thread.
let last = Promise.resolve();
port.on('message', (seed: number) => {
  last = last.then(async () => port.postMessage(summaryOf(await simulate(seed))));
});
