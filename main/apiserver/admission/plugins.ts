import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { AdmissionChain, type AdmissionPlugin } from './admission.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { certificateAdmissions } from './certificates.ts';
import { limitRanger } from './limit-ranger.ts';
import type { AdmissionMetrics } from './measured.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatureValidator } from './node-declared-features.ts';
import { nodeRestriction } from './node-restriction/node-restriction.ts';
import { persistentVolumeClaimResize } from './claim-resize.ts';
import { podResizeValidator } from './pod-resize.ts';
import { podSecurity } from './pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priorityAdmission } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuota, type ResourceQuotaOptions } from './resource-quota.ts';
import { runtimeClassAdmission } from './runtime-class.ts';
import { serviceAccountAdmission } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorizer: Authorizer;
  readonly quotas: ResourceQuotaOptions['quotas'];
  /** Policies and webhooks; see openDynamicAdmission. */
  readonly dynamic?: readonly AdmissionPlugin[];
  readonly metrics?: AdmissionMetrics;
}

/** The plugins that are on, in upstream's order (pkg/kubeapiserver/options/plugins.go). */
export function admissionChain(options: AdmissionOptions): AdmissionChain {
  const { reader, metrics } = options;
  const plugins: readonly AdmissionPlugin[] = [
    namespaceLifecycle(reader),
    limitRanger(reader),
    serviceAccountAdmission(options),
    nodeRestriction(options),
    taintNodesByCondition,
    podSecurity(reader, metrics?.podSecurity),
    priorityAdmission(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
    runtimeClassAdmission(reader),
    ...certificateAdmissions(options.authorizer),
    defaultIngressClass(reader),
    podTopologyLabels(reader),
    nodeDeclaredFeatureValidator(reader),
    podResizeValidator(reader),
    ...(options.dynamic ?? []),
    resourceQuota(options),
    rbacEscalation(options),
  ];
  return new AdmissionChain(metrics ? plugins.map((plugin) => metrics.measured(plugin)) : plugins, metrics);
}
