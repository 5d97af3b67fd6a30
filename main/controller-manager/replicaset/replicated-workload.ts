import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import { type ReplicaSet, replicasets, type ReplicaSetStatus } from '../../../kube/api/generated/apps/v1.ts';
import {
  type LabelSelector,
} from '../../../kube/api/generated/meta/v1.ts';
import {
  type PodTemplateSpec,
  type ReplicationController,
  replicationcontrollers,
} from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';

/** ReplicaSet and ReplicationController are one algorithm with two spellings; this is where they differ. */
export interface ReplicatedWorkload<T extends KubernetesObject> {
  readonly controllerName: string;
  readonly resource: Resource<T>;
  view(object: T): ReplicatedView;
  withStatus(status: ReplicaSetStatus): object;
}

export interface ReplicatedView {
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly status: ReplicaSetStatus | undefined;
}

export const REPLICA_SET: ReplicatedWorkload<ReplicaSet> = {
  controllerName: 'replicaset-controller',
  resource: replicasets,
  view: ({ spec, status }) => ({
    selector: spec.selector,
    template: spec.template ?? {},
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    status,
  }),
  withStatus: (status) => status,
};

export const REPLICATION_CONTROLLER: ReplicatedWorkload<ReplicationController> = {
  controllerName: 'replicationcontroller-controller',
  resource: replicationcontrollers,
  view: ({ spec, status }) => ({
    selector: { matchLabels: spec.selector ?? {} },
    template: spec.template ?? {},
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    status: status as ReplicaSetStatus | undefined,
  }),
  withStatus: ({ terminatingReplicas: _unknownToRCs, ...status }) => status,
};
