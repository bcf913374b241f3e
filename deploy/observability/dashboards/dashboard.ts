import { DATASOURCE, type Panel, series } from './panels.ts';

/** A heading with what stands under it, from left to right in lines of 24. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const PAGE_WIDTH = 24;

/** A dashboard of the classic model: shown in UTC, not editable, with the variables and marks that all of ours have. */
export function dashboard(
  about: { readonly uid: string; readonly title: string; readonly description: string },
  sections: readonly Section[],
): Record<string, unknown> {
  return {
    ...about,
    schemaVersion: 42,
    version: 1,
    editable: false,
    timezone: 'utc',
    time: { from: 'now-1h', to: 'now' },
    refresh: '10s',
    timepicker: {},
    graphTooltip: 1,
    fiscalYearStartMonth: 0,
    preload: false,
    tags: ['payment-notifier'],
    links: [],
    templating: { list: VARIABLES },
    annotations: { list: MARKS },
    panels: placed(sections),
  };
}

const CHOICE = {
  type: 'query',
  datasource: DATASOURCE,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  current: { text: ['All'], value: ['$__all'] },
  hide: 0,
  options: [],
  regex: '',
};

const VARIABLES = [
  {
    name: 'datasource',
    label: 'Data source',
    description: 'The Prometheus that scrapes the service.',
    type: 'datasource',
    query: 'prometheus',
    regex: '',
    refresh: 1,
    multi: false,
    includeAll: false,
    current: {},
    hide: 0,
    options: [],
  },
  // All of them are those listed, and not `.+`: other jobs have metrics called `up` and `process_*` as well.
  choice('job', 'Job', 'The scrape job of the service.', 'label_values(notifier_build_info, job)'),
  {
    ...choice('instance', 'Instance', 'Its members.', 'label_values(notifier_build_info{job=~"$job"}, instance)'),
    allValue: '.+',
  },
];

function choice(name: string, label: string, description: string, definition: string): Record<string, unknown> {
  const query = { qryType: 1, query: definition, refId: `variable-${name}` };
  return { name, label, description, ...CHOICE, definition, query };
}

const MARKS = [
  mark('Firing alerts', 'red', 'ALERTS{alertstate="firing", job=~"$job"}', '{{alertname}}', 'severity'),
  mark('Holds', 'orange', `max by (reason) (${series('notifier_hold')}) == 1`, 'held: {{reason}}', 'reason'),
  mark(
    'New version',
    'blue',
    'count by (version, revision) (notifier_build_info{job=~"$job", instance=~"$instance"}) ' +
      'unless count by (version, revision) (notifier_build_info{job=~"$job", instance=~"$instance"} offset 5m)',
    'new: {{version}} {{revision}}',
    'version',
  ),
  mark('Key reloads', 'purple', grew('notifier_key_reloads_total', 'result'), 'key reload: {{result}}', 'result'),
  mark('Rebalances', 'super-light-yellow', grew('notifier_rebalances_total', 'instance'), 'rebalance', 'instance'),
];

function grew(metric: string, label: string): string {
  return `sum by (${label}) (increase(${series(metric)}[$__rate_interval])) > 0`;
}

function mark(name: string, iconColor: string, expr: string, title: string, tag: string): Record<string, unknown> {
  return { name, datasource: DATASOURCE, enable: true, hide: false, iconColor, expr, titleFormat: title, tagKeys: tag };
}

/** Gives every section and panel its number and its place: the next one to the right, or below the tallest of the line. */
function placed(sections: readonly Section[]): Record<string, unknown>[] {
  const all: Record<string, unknown>[] = [];
  let y = 0;
  for (const { title, panels } of sections) {
    const gridPos = { x: 0, y, w: PAGE_WIDTH, h: 1 };
    all.push({ id: all.length + 1, type: 'row', title, collapsed: false, gridPos, panels: [] });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const { type, width, height, title, description, model } of panels) {
      if (x + width > PAGE_WIDTH) {
        y += lineHeight;
        x = lineHeight = 0;
      }
      const gridPos = { x, y, w: width, h: height };
      all.push({ id: all.length + 1, type, title, description, gridPos, ...model });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
    y += lineHeight;
  }
  return all;
}

/** The text of the committed file. */
export function dashboardText(model: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(model, undefined, 2)}\n`;
}
