import { privatePart } from '../private-parts.ts';

/**
 * A consumer that is stopped while its fetch loops are made anew (a broker has come or gone) has loops that nobody ends: each
 * fetch gives nothing at once, and nothing else in the process ever gets its turn again. An error ends them.
 */
interface Runner {
  readonly running: boolean;
  fetch: (this: Runner, nodeId: string) => Promise<unknown>;
}

const { prototype } = privatePart('consumer/runner.js') as { prototype: Runner };
const { fetch } = prototype;

prototype.fetch = function (nodeId) {
  return this.running ? fetch.call(this, nodeId) : Promise.reject(new Error('the consumer has been stopped'));
};
