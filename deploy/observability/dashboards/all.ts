import { overview } from './overview.ts';
import { runtime } from './runtime.ts';

/** Every dashboard, by the name of its files here: `<name>.json` as Grafana loads it, `<name>.svg` as it looks. */
export const DASHBOARDS = { overview, runtime };
