import { Registry, type OpenMetricsContentType } from 'prom-client';

/** Metrics as they are served. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Shows the metrics in a format that the client takes, by its header `Accept`. */
export type Expose = (accept?: string) => Promise<Exposition>;

interface Shown {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/**
 * Shows the metrics of a registry as Prometheus text; with `exemplars`, as OpenMetrics to clients that take it, since no
 * other format has them. Series have the same names in both.
 */
export function exposing(registry: Registry, exemplars: boolean): Expose {
  const open = exemplars ? openMetrics(registry) : undefined;
  return async (accept = '') => {
    const shown: Shown = (accept.includes('application/openmetrics-text') ? open : undefined) ?? registry;
    return { contentType: shown.contentType, text: await shown.metrics() };
  };
}

/**
 * The metrics of a registry, shown as OpenMetrics. The client library takes the `_total` off the counters that it shows
 * so, for good: what it renames here are stand-ins, which read the values of the metrics themselves.
 */
function openMetrics(registry: Registry): Shown {
  const shown = new Registry<OpenMetricsContentType>();
  shown.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) {
    const { collect } = metric as { collect?: () => void };
    const bound = collect === undefined ? {} : { collect: { value: collect.bind(metric) } };
    shown.registerMetric(Object.create(metric, bound) as Parameters<Registry['registerMetric']>[0]);
  }
  return shown;
}
