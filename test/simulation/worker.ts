import { summaryOf } from './summary.ts';
import { simulate } from './simulate.ts';

// One world after the other, each asked for when the one before has ended: they share the clock of this process.
process.on('message', (seed: number) => {
  simulate(seed).then(
    (outcome) => process.send?.(summaryOf(outcome)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
