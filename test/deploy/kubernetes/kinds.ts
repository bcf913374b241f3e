import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import type { ITriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IService } from 'kubernetes-models/v1/Service';

/** What tests ask of an object, by its kind. */
export interface Kinds {
  readonly ConfigMap: { readonly data?: Readonly<Record<string, string>> };
  readonly CiliumNetworkPolicy: {
    readonly spec: { readonly egress: readonly { readonly toFQDNs?: readonly { readonly matchName: string }[] }[] };
  };
  readonly Deployment: IDeployment;
  readonly Job: IJob;
  readonly KafkaTopic: KafkaTopic;
  readonly KafkaUser: KafkaUser;
  readonly Namespace: object;
  readonly NetworkPolicy: INetworkPolicy;
  readonly PodDisruptionBudget: IPodDisruptionBudget;
  readonly PodMonitor: IPodMonitor;
  readonly PrometheusRule: IPrometheusRule;
  readonly ScaledObject: IScaledObject;
  readonly Service: IService;
  readonly TriggerAuthentication: ITriggerAuthentication;
}

interface KafkaTopic {
  readonly spec: {
    readonly partitions: number;
    readonly replicas: number;
    readonly config: Readonly<Record<string, string | number>>;
  };
}

/** A right that Strimzi gives to a user. */
export interface KafkaAcl {
  readonly resource: {
    readonly type: 'topic' | 'group' | 'transactionalId';
    readonly name: string;
    readonly patternType: 'literal' | 'prefix';
  };
  readonly operations: readonly ('Read' | 'Write' | 'Describe' | 'DescribeConfigs')[];
}

/** What we use of Strimzi's KafkaUser. */
export interface KafkaUser {
  readonly spec: { readonly authorization: { readonly acls: readonly KafkaAcl[] } };
}
