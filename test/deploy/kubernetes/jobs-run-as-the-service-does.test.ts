import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { beforeAll, describe, expect, it } from 'vitest';
import { all, built, podOf, settingsOf, the, type Manifest } from './manifests.ts';
import { notRestricted } from './pod-security.ts';

const run = promisify(execFile);

const CLI = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let prod: readonly Manifest[];

beforeAll(async () => {
  prod = await built('overlays/prod');
});

describe.each([
  ['doctor', 'payment-notifier'],
  ['redrive', 'payment-notifier-operator'],
  ['replay', 'payment-notifier-operator'],
] as const)('%s', (job, user) => {
  let manifests: readonly Manifest[];
  let pod: IPodSpec;

  beforeAll(async () => {
    manifests = await built(`overlays/prod/jobs/${job}`);
    pod = podOf(manifests, 'Job');
  });

  it('runs a command that there is, in the image of the service', { timeout: 60_000 }, async () => {
    const [program, ...words] = pod.containers[0]?.args ?? [];
    expect(program).toBe('dist/cli/main.js');
    const firstOption = words.findIndex((word) => word.startsWith('-'));
    const command = firstOption < 0 ? words : words.slice(0, firstOption);
    const { stdout } = await run('npx', ['--no-install', 'tsx', CLI, ...command, '--help']);
    expect(stdout).toContain(`payment-notifier ${command.join(' ')}`);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(option);
    expect(pod.containers[0]?.image).toBe(podOf(prod).containers[0]?.image);
  });

  it('has the very settings and keys of the service, and a user at the brokers with the rights for it', async () => {
    const { name } = settingsOf(prod);
    expect(settingsOf(manifests, 'Job').name).toBe(name);
    expect(the(manifests, 'ConfigMap')).toEqual(the(prod, 'ConfigMap', new RegExp(`^${name}$`)));
    const service = podOf(prod);
    expect(secretsOf(pod)).toEqual({ ...secretsOf(service), 'kafka-user': user });
    const given = pod.containers[0]?.env?.find((variable) => variable.name === 'KAFKA_SASL_USERNAME')?.value;
    expect(given ?? settingsOf(prod).data['KAFKA_SASL_USERNAME']).toBe(user);
    const users = all(await built('overlays/prod/kafka'), 'KafkaUser').map(({ metadata }) => metadata.name);
    expect(users).toContain(user);
    expect(new Set(pod.volumes?.flatMap(({ secret }) => secret?.defaultMode ?? []))).toEqual(new Set([0o440]));
    expect(pod.containers[0]?.volumeMounts).toEqual(service.containers[0]?.volumeMounts);
    expect(pod.securityContext).toEqual(service.securityContext);
    expect(pod.containers[0]?.securityContext).toEqual(service.containers[0]?.securityContext);
  });

  it('asks for nothing that a restricted namespace refuses, and for nothing that is not there yet', () => {
    expect(notRestricted(pod)).toEqual([]);
    expect(pod.serviceAccountName).toBeUndefined();
    expect([pod.automountServiceAccountToken, pod.enableServiceLinks]).toEqual([false, false]);
  });

  it('is let out as the service is, and counted as no member of it', () => {
    const labels = the(manifests, 'Job').spec?.template.metadata?.labels ?? {};
    expect(labels).toMatchObject(the(prod, 'NetworkPolicy').spec?.podSelector?.matchLabels ?? {});
    for (const selector of [
      the(prod, 'Deployment').spec?.selector.matchLabels,
      the(prod, 'PodDisruptionBudget').spec?.selector?.matchLabels,
      the(prod, 'Service').spec?.selector,
      the(prod, 'PodMonitor').spec.selector.matchLabels,
    ]) {
      expect(labels).not.toMatchObject(selector ?? {});
    }
  });

  it('is not run again by itself', () => {
    expect(the(manifests, 'Job').spec?.backoffLimit).toBe(0);
    expect(pod.restartPolicy).toBe('Never');
  });
});

it('a redrive asks every member whether it holds, and sends one letter until somebody says otherwise', async () => {
  const [container] = podOf(await built('overlays/prod/jobs/redrive'), 'Job').containers;
  const { metadata, spec } = the(prod, 'Service');
  const asked = new URL(container?.env?.find(({ name }) => name === 'STATUS_URL')?.value ?? '');
  const [port] = spec?.ports ?? [];
  expect([asked.hostname, Number(asked.port), spec?.clusterIP]).toEqual([metadata.name, port?.port, 'None']);
  expect(podOf(prod).containers[0]?.ports).toContainEqual({ name: port?.targetPort, containerPort: port?.port });
  const { args = [] } = container ?? {};
  expect(args.slice(args.indexOf('--max'))).toEqual(['--max', '1', '--rate', '1', '--yes']);
});

function secretsOf({ volumes = [] }: IPodSpec): Record<string, string> {
  return Object.fromEntries(volumes.flatMap(({ name, secret }) => (secret ? [[name, secret.secretName ?? '']] : [])));
}
