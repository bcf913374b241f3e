import { dashboard, writeOrCheck } from './dashboard.ts';
import { gateway } from './overview/gateway.ts';
import { members } from './overview/members.ts';
import { backlog, retries } from './overview/retries.ts';
import { told } from './overview/told.ts';

/** Are partners being told, and if not, whose fault is it? */
export const overview = dashboard(
  {
    uid: 'payment-notifier-overview',
    title: 'Payment notifier / Overview',
    description: 'Are partners being told, and if not, whose fault is it?',
  },
  [told, gateway, backlog, retries, members],
);

if (import.meta.filename === process.argv[1]) {
  writeOrCheck(overview, new URL('overview.json', import.meta.url), process.argv.slice(2));
}
