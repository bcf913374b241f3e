import { dashboard } from './dashboard.ts';
import { backlog } from './overview/backlog.ts';
import { gateway } from './overview/gateway.ts';
import { objective } from './overview/objective.ts';
import { deadLetters, retries } from './overview/retries.ts';
import { told } from './overview/told.ts';

/** Are partners being told, and if not, whose fault is it? */
export const overview = dashboard(
  {
    uid: 'payment-notifier-overview',
    title: 'Payment notifier / Overview',
    description: 'Are partners being told, and if not, whose fault is it?',
  },
  [told, objective, gateway, backlog, retries, deadLetters],
);
