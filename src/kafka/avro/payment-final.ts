import { readFileSync } from 'node:fs';

/** The text of `schemas/payment-final.avsc`: what events are read as, and written with by `emit`. */
export const PAYMENT_FINAL_SCHEMA = readFileSync(
  new URL('../../../schemas/payment-final.avsc', import.meta.url),
  'utf8',
);
