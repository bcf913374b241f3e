import { boolean, duration, httpUrl, integer, matching, oneOf } from '../kinds.ts';
import { optional, preset, section } from '../setting.ts';

const host = matching(/^[a-zA-Z0-9.:_-]+$/, 'a host; write an address to listen on, such as 0.0.0.0');
const revision = matching(/^\P{Cc}{1,128}$/u, 'a revision; write at most 128 characters on one line');

/** Where probes, metrics and the status are served, and where commands ask for the status. */
export const http = section({
  rows: {
    HTTP_HOST: preset(host, '0.0.0.0', 'where probes, metrics and `/status` are served'),
    HTTP_PORT: preset(integer(0, 65_535), '9464', 'probes, metrics and `/status`; 0 = any free port'),
    STATUS_URL: optional(
      httpUrl,
      "for commands: where members' `/status` is; a name with several addresses: each is asked; " +
        '`http://127.0.0.1:<HTTP_PORT>` where it is not set',
    ),
  },
  make: (values) => ({
    host: values.HTTP_HOST,
    port: values.HTTP_PORT,
    statusUrl: values.STATUS_URL ?? `http://127.0.0.1:${values.HTTP_PORT}`,
  }),
});

/** What metrics show beside the metrics. */
export const metrics = section({
  rows: {
    METRICS_EXEMPLARS: preset(
      boolean,
      'false',
      '`/metrics` as OpenMetrics for clients that take it, with traces of records as exemplars of ' +
        '`notifier_attempt_duration_seconds`',
    ),
  },
  make: (values) => ({ exemplars: values.METRICS_EXEMPLARS }),
});

/** How much is told. */
export const log = section({
  rows: {
    LOG_LEVEL: preset(
      oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
      'info',
      '`fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`',
    ),
  },
  make: (values) => ({ level: values.LOG_LEVEL }),
});

/** How the process ends. */
export const lifecycle = section({
  rows: {
    SHUTDOWN_TIMEOUT: preset(duration('10ms', '1h'), '25s', 'drain deadline; longer than `GATEWAY_TIMEOUT`'),
  },
  make: (values) => ({ shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT }),
});

/** What runs. */
export const build = section({
  rows: {
    REVISION: preset(
      revision,
      'unknown',
      'the commit this was built from, as `notifier_build_info` shows it; the image sets it',
    ),
  },
  make: (values) => ({ revision: values.REVISION }),
});
