import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { Kinds } from './kinds.ts';
import { parseAllDocuments, stringify } from 'yaml';
import { kustomize } from '../../support/kubectl.ts';
import { yaml } from '../repository.ts';

/** One object for the API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const KUBERNETES = fileURLToPath(new URL('../../../deploy/kubernetes', import.meta.url));

/** What people apply, relative to `deploy/kubernetes`. */
export const OVERLAYS = [
  'overlays/dev',
  'overlays/prod',
  'overlays/prod/kafka',
  'overlays/prod/jobs/doctor',
  'overlays/prod/jobs/redrive',
  'overlays/prod/jobs/replay',
] as const;

/** Components that no overlay here has, for who needs them. */
export const OPTIONAL_COMPONENTS = ['components/private-ca', 'components/cilium-egress'] as const;

/** Every object of an overlay. */
export async function built(overlay: (typeof OVERLAYS)[number]): Promise<readonly Manifest[]> {
  return parsed(await kustomize(join(KUBERNETES, overlay)));
}

/** Every object of the production overlay with more in it than there is. */
export async function builtOver(over: {
  readonly components?: readonly string[];
  readonly configMapGenerator?: readonly object[];
}): Promise<readonly Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'payment-notifier-overlay-'));
  const path = (of: string): string => relative(folder, join(KUBERNETES, of));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: 'payment-notifier',
    labels: ['overlays/prod', 'overlays/prod/release'].flatMap(
      (of) => (yaml(`deploy/kubernetes/${of}/kustomization.yaml`) as { labels: object[] }).labels,
    ),
    ...over,
    resources: [path('overlays/prod')],
    components: (over.components ?? []).map(path),
  };
  try {
    await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
    return parsed(await kustomize(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Kubernetes reads YAML 1.1. */
function parsed(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml, { version: '1.1' }).map((document) => document.toJS() as Manifest);
}

/** All objects of a kind. */
export function all<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K): readonly (Manifest & Kinds[K])[] {
  return manifests.filter((manifest) => manifest.kind === kind) as (Manifest & Kinds[K])[];
}

/** The only object of a kind, or the one of that name. */
export function the<K extends keyof Kinds>(
  manifests: readonly Manifest[],
  kind: K,
  name?: RegExp,
): Manifest & Kinds[K] {
  const found = all(manifests, kind).filter(({ metadata }) => name?.test(metadata.name) ?? true);
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${String(found.length)} objects of kind ${kind}`);
  return one;
}

/** The pods of the only Deployment or Job. */
export function podOf(manifests: readonly Manifest[], kind: 'Deployment' | 'Job' = 'Deployment'): IPodSpec {
  const pod = the(manifests, kind).spec?.template.spec;
  if (pod === undefined) throw new Error(`no pod in the ${kind}`);
  return pod;
}

/** The ConfigMap that the service's settings come from. */
export function settingsOf(
  manifests: readonly Manifest[],
  kind: 'Deployment' | 'Job' = 'Deployment',
): { readonly name: string; readonly data: Settings } {
  const { containers } = podOf(manifests, kind);
  const [from] = containers.flatMap(({ envFrom = [] }) => envFrom);
  const name = from?.configMapRef?.name ?? '';
  const { data = {} } = the(manifests, 'ConfigMap', new RegExp(`^${name}$`));
  return { name, data };
}

/** Settings by their names. */
export type Settings = Readonly<Record<string, string>>;
