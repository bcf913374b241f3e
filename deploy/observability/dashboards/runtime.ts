import { dashboard } from './dashboard.ts';
import { keys, sending } from './runtime/sending.ts';
import { members } from './runtime/members.ts';
import { processes } from './runtime/processes.ts';
import { records } from './runtime/records.ts';

/** How are the members, and what do they run on? */
export const runtime = dashboard(
  {
    uid: 'payment-notifier-runtime',
    title: 'Payment notifier / Runtime',
    description: 'How are the members, and what do they run on?',
  },
  [members, sending, keys, records, processes],
);
