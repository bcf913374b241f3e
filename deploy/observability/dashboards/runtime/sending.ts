import type { Section } from '../dashboard.ts';
import { graph, rate, series } from '../panels.ts';

/** What leaves each member. */
export const sending: Section = {
  title: 'Sending',
  panels: [
    graph(
      {
        title: 'Requests in flight',
        description: 'Requests sent and not yet answered, by member; at most GATEWAY_MAX_IN_FLIGHT.',
        unit: 'short',
        width: 8,
      },
      [{ expr: `sum by (instance) (${series('notifier_in_flight_requests')})`, legend: '{{instance}}' }],
      { stacked: true },
    ),
    graph(
      {
        title: 'Send rate cap by member',
        description: 'Requests per second a member may send; 0 stands for no cap. It falls when the gateway complains.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: `sum by (instance) (${series('notifier_send_rate_limit')})`, legend: '{{instance}}' }],
    ),
    graph(
      {
        title: 'Probes while held',
        description: 'One request now and then while sending is held; the one that ends it is answered well.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: rate('notifier_hold_probes_total', ['result']), legend: '{{result}}' }],
      { stacked: true, colors: { ended: 'green', still_held: 'orange' } },
    ),
  ],
};

/** Whom we are for the gateway, and whom it is for us. */
export const keys: Section = {
  title: 'Keys',
  panels: [
    graph(
      {
        title: 'Members by signing key',
        description: 'Members by the version of the key that they sign with. Two versions for long: they do not agree.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `count by (key_version) (${series('notifier_signing_key_info', 'active="true"')})`,
          legend: 'version {{key_version}}',
        },
      ],
      { stacked: true },
    ),
    graph(
      {
        title: 'Key reloads',
        description: 'Changed key files: taken in, refused as unusable, or another version signs than the active one.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `sum by (result) (increase(${series('notifier_key_reloads_total')}[$__rate_interval]))`,
          legend: '{{result}}',
        },
      ],
      { colors: { ok: 'green', rejected: 'red', fallback: 'orange' } },
    ),
    graph(
      {
        title: 'Signatures on answers',
        description: 'Answers whose signature verified, was missing, or did not verify with any of the known keys.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: rate('notifier_response_signature_total', ['result']), legend: '{{result}}' }],
      { stacked: true, colors: { verified: 'green', missing: 'yellow', invalid: 'red' } },
    ),
  ],
};
