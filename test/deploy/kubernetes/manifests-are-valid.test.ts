import { beforeAll, describe, expect, it } from 'vitest';
import { built, builtOver, OPTIONAL_COMPONENTS, OVERLAYS, type Manifest } from './manifests.ts';
import { problemsOf } from './strict.ts';

let manifests: readonly Manifest[];

beforeAll(async () => {
  const overlays = await Promise.all(OVERLAYS.map(built));
  manifests = [...overlays.flat(), ...(await builtOver({ components: OPTIONAL_COMPONENTS }))];
});

describe('every object of every overlay and component', () => {
  it('is valid, with no field that its schema does not know', { timeout: 60_000 }, async () => {
    expect(await problemsOf(manifests)).toEqual([]);
  });

  it('is refused with a misspelt field, a wrong value or an unknown kind', { timeout: 60_000 }, async () => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Manifest & { spec: object };
    const misspelt = { ...deployment, spec: { ...deployment.spec, minReadySecond: 15 } };
    const wrong = { ...deployment, spec: { ...deployment.spec, replicas: 'three' } };
    const topic = manifests.find(({ kind }) => kind === 'KafkaTopic') as Manifest & { spec: object };
    const alsoMisspelt = { ...topic, spec: { ...topic.spec, partition: 12 } };
    const unknown: Manifest = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' } };
    const problems = (await problemsOf([misspelt, wrong, alsoMisspelt, unknown])).join('\n');
    for (const word of ['minReadySecond', 'replicas', 'additional properties', 'example.com/v1']) {
      expect(problems).toContain(word);
    }
  });

  it('carries the recommended labels', () => {
    for (const { kind, metadata } of manifests) {
      const { labels = {} } = metadata;
      const missing = ['name', 'instance', 'component', 'part-of', 'managed-by'].filter(
        (label) => !(`app.kubernetes.io/${label}` in labels),
      );
      expect(missing, `${kind} ${metadata.name}`).toEqual([]);
    }
  });
});
