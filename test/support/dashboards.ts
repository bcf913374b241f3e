import { DASHBOARDS } from '../../deploy/observability/dashboards/all.ts';

/** One query of a panel, or of a mark on every panel. */
export interface Asked {
  readonly where: string;
  readonly expr: string;
}

interface Model {
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

const MODELS = Object.values(DASHBOARDS) as unknown as readonly Model[];

/** Every query of every panel. */
export const PANEL_QUERIES: readonly Asked[] = MODELS.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => ({ where: `${title}: ${panel.title}`, expr }))),
);

/** Every query behind a mark. */
export const MARK_QUERIES: readonly Asked[] = MODELS.flatMap(({ title, annotations }) =>
  annotations.list.map(({ name, expr }) => ({ where: `${title}: ${name}`, expr })),
);

/** The query as Grafana would ask it for all members of the service. */
export function substituted(expr: string, rateInterval: string, range: string): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replaceAll('$job', 'payment-notifier')
    .replaceAll('$instance', '.+');
}
