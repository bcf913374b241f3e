import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { beforeAll, describe, expect, it } from 'vitest';
import { startAdminServer } from '../../../src/ops/admin-server.ts';
import { SETTINGS, type SettingName } from '../../../src/settings/table.ts';
import { statusOf } from '../../support/status.ts';
import { all, built, builtOver, OPTIONAL_COMPONENTS, podOf, settingsOf, the, type Manifest } from './manifests.ts';
import { text } from '../repository.ts';
import { notRestricted } from './pod-security.ts';

/** To end the process after the drain: leave the group, close sockets. */
const MARGIN_MS = 15_000;

const variants: Record<string, readonly Manifest[]> = {};

beforeAll(async () => {
  variants['dev'] = await built('overlays/dev');
  variants['prod'] = await built('overlays/prod');
  variants['prod with every component'] = await builtOver({ components: OPTIONAL_COMPONENTS });
});

describe.each(['dev', 'prod', 'prod with every component'])('%s', (variant) => {
  let manifests: readonly Manifest[];
  let deployment: IDeployment;
  let pod: IPodSpec;

  beforeAll(() => {
    manifests = variants[variant] ?? [];
    deployment = the(manifests, 'Deployment');
    pod = podOf(manifests);
  });

  it('asks for nothing that a restricted namespace refuses, and its namespace refuses it', () => {
    expect(all(manifests, 'Deployment')).toHaveLength(1);
    expect(manifests.filter(({ kind }) => /Pod$|Set$|Job$/.test(kind))).toEqual([]);
    expect(notRestricted(pod)).toEqual([]);
    for (const { metadata } of all(manifests, 'Namespace')) {
      for (const mode of ['enforce', 'warn', 'audit']) {
        expect(metadata.labels).toHaveProperty([`pod-security.kubernetes.io/${mode}`], 'restricted');
      }
    }
  });

  it('runs on a read-only root, with no token of Kubernetes and no variables of its Services', () => {
    for (const { securityContext } of pod.containers) expect(securityContext?.readOnlyRootFilesystem).toBe(true);
    expect([pod.automountServiceAccountToken, pod.enableServiceLinks]).toEqual([false, false]);
  });

  it('has its secrets as folders that only its user reads, never as variables', () => {
    for (const { secret } of pod.volumes ?? []) if (secret) expect(secret.defaultMode).toBe(0o440);
    for (const { env = [], envFrom = [], volumeMounts = [] } of pod.containers) {
      expect(env.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined)).toEqual([]);
      expect(envFrom.filter(({ secretRef }) => secretRef !== undefined)).toEqual([]);
      expect(volumeMounts.filter(({ subPath, subPathExpr }) => (subPath ?? subPathExpr) !== undefined)).toEqual([]);
    }
    expect(pod.securityContext?.fsGroup).toBe(pod.securityContext?.runAsUser);
  });

  it('drains for longer than the service may', () => {
    const { data: settings } = settingsOf(manifests);
    const longest = milliseconds('SHUTDOWN_TIMEOUT', settings) + milliseconds('GATEWAY_TIMEOUT', settings) + MARGIN_MS;
    expect((pod.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(longest);
    expect(pod.containers.map(({ lifecycle }) => lifecycle)).toEqual([undefined]);
  });

  it('is probed where the service answers', async () => {
    const server = await startAdminServer({
      host: '127.0.0.1',
      port: 0,
      checks: { live: () => ({}), ready: () => ({}), started: () => ({}) },
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
      status: () => Promise.resolve(statusOf()),
    });
    const [container] = pod.containers;
    const probes = [container?.startupProbe, container?.readinessProbe, container?.livenessProbe];
    try {
      for (const probe of probes) {
        const response = await fetch(`http://127.0.0.1:${String(server.port)}${probe?.httpGet?.path ?? '/'}`);
        expect(response.status).toBe(200);
        expect(container?.ports?.map(({ name }) => name)).toContain(probe?.httpGet?.port);
      }
    } finally {
      await server.close();
    }
    expect(new Set(probes.map((probe) => probe?.httpGet?.path)).size).toBe(3);
  });

  it('listens on the port that the service takes where nobody says otherwise', () => {
    const { absent } = SETTINGS.HTTP_PORT;
    expect(pod.containers[0]?.ports).toEqual([expect.objectContaining({ containerPort: Number(textOf(absent)) })]);
  });

  it('is what every selector selects', () => {
    const labels = deployment.spec?.template.metadata?.labels ?? {};
    const selectors = [
      deployment.spec?.selector.matchLabels,
      the(manifests, 'PodDisruptionBudget').spec?.selector?.matchLabels,
      the(manifests, 'NetworkPolicy').spec?.podSelector?.matchLabels,
      the(manifests, 'Service').spec?.selector,
      ...(pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
    ];
    for (const selector of selectors) {
      expect(Object.keys(selector ?? {})).not.toEqual([]);
      expect(labels).toMatchObject(selector ?? {});
    }
  });

  it('is replaced by surge: never fewer members than before', () => {
    const { strategy, minReadySeconds = 0 } = deployment.spec ?? {};
    expect(strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    expect(minReadySeconds).toBeGreaterThan(0);
  });

  it('says which version runs, in production by a digest', () => {
    const { image } = pod.containers[0] ?? {};
    const { version } = JSON.parse(text('package.json')) as { version: string };
    const label = deployment.spec?.template.metadata?.labels?.['app.kubernetes.io/version'];
    expect(label).toBe(variant === 'dev' ? undefined : version);
    expect(image).toMatch(variant === 'dev' ? /^[\w./-]+:main$/ : /^[\w./-]+@sha256:[0-9a-f]{64}$/);
  });
});

it('notices what the profile forbids', () => {
  const pod = podOf(variants['prod'] ?? []);
  const [container] = pod.containers;
  if (container === undefined) throw new Error('no container');
  const wrongs: readonly (readonly [word: string, pod: IPodSpec])[] = [
    ['hostNetwork', { ...pod, hostNetwork: true }],
    ['hostPath', { ...pod, volumes: [{ name: 'host', hostPath: { path: '/' } }] }],
    ['runAsNonRoot', { ...pod, securityContext: { ...pod.securityContext, runAsNonRoot: false } }],
    ['seccomp', { ...pod, securityContext: { runAsNonRoot: true } }],
    ['allowPrivilegeEscalation', { ...pod, containers: [{ ...container, securityContext: {} }] }],
    [
      'NET_ADMIN',
      { ...pod, initContainers: [{ ...container, securityContext: { capabilities: { add: ['NET_ADMIN'] } } }] },
    ],
  ];
  for (const [word, wrong] of wrongs) expect(notRestricted(wrong)).toContain(word);
});

function textOf(absent: (typeof SETTINGS)[SettingName]['absent']): string {
  return absent.kind === 'default' ? absent.text : '';
}

function milliseconds(
  name: 'SHUTDOWN_TIMEOUT' | 'GATEWAY_TIMEOUT',
  settings: Readonly<Record<string, string>>,
): number {
  const { schema, absent } = SETTINGS[name];
  return schema.parse(settings[name] ?? textOf(absent));
}
