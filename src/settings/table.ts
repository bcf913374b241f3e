import { gateway, keys, limits } from './sections/gateway.ts';
import { kafka, registry } from './sections/kafka.ts';
import { build, http, lifecycle, log, metrics } from './sections/process.ts';
import { hold, notification, ordering, replays, retry } from './sections/sending.ts';
import { outcomes, source } from './sections/topics.ts';
import type { ValuesOf } from './setting.ts';

/** Every section, in the order of the reference. */
export const SECTIONS = {
  kafka,
  source,
  registry,
  gateway,
  limits,
  keys,
  retry,
  hold,
  ordering,
  outcomes,
  replays,
  notification,
  http,
  metrics,
  log,
  lifecycle,
  build,
};

/** Every setting there is. Parsing, defaults and the reference come from here and from nowhere else. */
export const SETTINGS = {
  ...kafka.rows,
  ...source.rows,
  ...registry.rows,
  ...gateway.rows,
  ...limits.rows,
  ...keys.rows,
  ...retry.rows,
  ...hold.rows,
  ...ordering.rows,
  ...outcomes.rows,
  ...replays.rows,
  ...notification.rows,
  ...http.rows,
  ...metrics.rows,
  ...log.rows,
  ...lifecycle.rows,
  ...build.rows,
};

/** The name of a section. */
export type SectionName = keyof typeof SECTIONS;

/** All of them, for who needs every setting. */
export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

/** The name of a variable. */
export type SettingName = keyof typeof SETTINGS;

/** What each variable reads as. */
export type Values = ValuesOf<typeof SETTINGS>;

/** What the operator decided, by section, checked. Durations in milliseconds. */
export type Config = { readonly [S in SectionName]: ReturnType<(typeof SECTIONS)[S]['make']> };
