import { beforeAll, describe, expect, it } from 'vitest';
import { SETTINGS, type SettingName } from '../../../src/settings/table.ts';
import {
  built,
  builtOver,
  OPTIONAL_COMPONENTS,
  podOf,
  settingsOf,
  the,
  type Manifest,
  type Settings,
} from './manifests.ts';

/** Not ours: what Node and injected OpenTelemetry read. */
const OF_OTHERS = ['NODE_EXTRA_CA_CERTS', 'OTEL_NODE_DISABLED_INSTRUMENTATIONS'];

const variants: Record<string, readonly Manifest[]> = {};

beforeAll(async () => {
  variants['dev'] = await built('overlays/dev');
  variants['prod'] = await built('overlays/prod');
  variants['prod with every component'] = await builtOver({ components: OPTIONAL_COMPONENTS });
});

describe.each(['dev', 'prod', 'prod with every component'])('%s', (variant) => {
  let manifests: readonly Manifest[];
  let settings: Settings;

  beforeAll(() => {
    manifests = variants[variant] ?? [];
    settings = settingsOf(manifests).data;
  });

  it('sets nothing that is no setting, and every one that is required', () => {
    const given = Object.keys(settings);
    expect(given.filter((name) => !(name in SETTINGS) && !OF_OTHERS.includes(name))).toEqual([]);
    const required = Object.entries(SETTINGS).filter(([, { absent }]) => absent.kind === 'required');
    expect(required.map(([name]) => name).filter((name) => !given.includes(name))).toEqual([]);
  });

  it('sets only values that the service accepts', () => {
    for (const [name, value] of Object.entries(settings)) {
      if (OF_OTHERS.includes(name) || name.endsWith('_FILE')) continue; // Files are read while they are checked.
      expect(SETTINGS[name as SettingName].schema.safeParse(value), name).toMatchObject({ success: true });
    }
  });

  it('names only files and folders that are mounted', () => {
    const { containers } = podOf(manifests);
    const mounted = (containers[0]?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const paths = Object.values(settings).filter((value) => value.startsWith('/'));
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths)
      expect(
        mounted.some((mount) => `${path}/`.startsWith(`${mount}/`)),
        path,
      ).toBe(true);
    expect(
      mounted.filter((mount) => mount !== '/tmp' && !paths.some((path) => `${path}/`.startsWith(`${mount}/`))),
    ).toEqual([]);
  });

  it('lets the service out to its brokers and its registry, and nowhere else inside the cluster', () => {
    const egress = the(manifests, 'NetworkPolicy').spec?.egress ?? [];
    const open = egress.flatMap(({ to = [], ports = [] }) =>
      to.flatMap(({ namespaceSelector }) => {
        const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
        return ports.map(({ port }) => `${namespace ?? ''}:${String(port)}`);
      }),
    );
    const wanted = [
      ...(settings['KAFKA_BROKERS'] ?? '').split(','),
      new URL(settings['SCHEMA_REGISTRY_URL'] ?? '').host,
    ];
    for (const address of wanted) {
      const [, namespace = '', port = ''] = /^[^.]+\.([^.]+)\.svc:(\d+)$/.exec(address) ?? [];
      expect(open).toContain(`${namespace}:${port}`);
    }
    const namespaces = new Set(open.map((one) => one.split(':')[0]).filter((namespace) => namespace !== ''));
    expect([...namespaces].sort()).toEqual(['kafka', 'kube-system', 'schema-registry']);
  });

  it('keeps injected OpenTelemetry away from what the service writes and signs', () => {
    expect(settings['OTEL_NODE_DISABLED_INSTRUMENTATIONS']?.split(',').sort()).toEqual(['http', 'kafkajs']);
  });
});

describe('the way to the gateway', () => {
  it('is the internet without any private network', () => {
    const blocks = internet(variants['prod'] ?? []);
    const excepted = [
      '10.0.0.0/8',
      '100.64.0.0/10',
      '127.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.168.0.0/16',
    ];
    expect(blocks).toEqual([
      { cidr: '0.0.0.0/0', except: excepted },
      { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] },
    ]);
  });

  it('is its name alone with Cilium, also that of the overlay', () => {
    const manifests = variants['prod with every component'] ?? [];
    expect(internet(manifests)).toEqual([]);
    const { spec } = the(manifests, 'CiliumNetworkPolicy');
    const names = spec.egress.flatMap(({ toFQDNs = [] }) => toFQDNs.map(({ matchName }) => matchName));
    const { GATEWAY_URL: url = '' } = settingsOf(manifests).data;
    expect(names).toContain(new URL(url).hostname);
  });
});

it('makes new pods of a changed setting, and of nothing else', async () => {
  const changed = await builtOver({
    configMapGenerator: [{ name: 'payment-notifier', behavior: 'merge', literals: ['LOG_LEVEL=debug'] }],
  });
  const same = await builtOver({});
  const [before, after] = [template(same), template(changed)];
  expect(after).not.toEqual(before);
  expect(template(variants['prod'] ?? [])).toEqual(before);
  expect(settingsOf(changed).data['LOG_LEVEL']).toBe('debug');
});

function template(manifests: readonly Manifest[]): unknown {
  return the(manifests, 'Deployment').spec?.template;
}

function internet(manifests: readonly Manifest[]): unknown[] {
  const egress = the(manifests, 'NetworkPolicy').spec?.egress ?? [];
  return egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock])));
}
