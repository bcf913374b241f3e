import fc from 'fast-check';

/**
 * The same examples in each run, so that a failure is of the change that was made, and the same mutants survive each run.
 * `PROPERTY_SEED=N` takes others: what they find is a fault to mend, and an example to keep.
 */
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? 20_261_122) });
