import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What the profile `restricted` of the Pod Security Standards (v1.35) forbids in a pod, a word each. */
export function notRestricted(pod: IPodSpec): string[] {
  const { securityContext: of = {} } = pod;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const volumes = (pod.volumes ?? []).flatMap(({ name, ...source }) => Object.keys(source));
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((shared) => pod[shared] === true),
    ...volumes.filter((source) => !VOLUMES.includes(source)),
    ...Object.keys(of).filter((name) =>
      ['sysctls', 'seLinuxOptions', 'windowsOptions', 'appArmorProfile'].includes(name),
    ),
    ...containers.flatMap(({ ports = [], securityContext: own = {} }) => [
      ...(ports.some(({ hostPort }) => hostPort !== undefined) ? ['hostPort'] : []),
      ...((own.runAsNonRoot ?? of.runAsNonRoot) === true ? [] : ['runAsNonRoot']),
      ...((own.runAsUser ?? of.runAsUser) === 0 ? ['runAsUser'] : []),
      ...(['RuntimeDefault', 'Localhost'].includes((own.seccompProfile ?? of.seccompProfile)?.type ?? '')
        ? []
        : ['seccomp']),
      ...(own.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation']),
      ...(own.capabilities?.drop?.includes('ALL') === true ? [] : ['capabilities']),
      ...(own.capabilities?.add ?? []).filter((added) => added !== 'NET_BIND_SERVICE'),
      ...Object.keys(own).filter((name) =>
        ['privileged', 'procMount', 'seLinuxOptions', 'appArmorProfile'].includes(name),
      ),
    ]),
  ];
}
