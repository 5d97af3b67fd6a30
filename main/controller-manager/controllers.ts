import type { ControllerContext } from './controller-context.ts';
import type { Controller } from './controller.ts';
import type { ControllerName } from './controller-names.ts';
import { CertificateController } from './certificates/certificate-controller.ts';
import { ClusterRoleAggregationController } from './clusterrole-aggregation/cluster-role-aggregation-controller.ts';
import { CronJobController } from './cronjob/cron-job-controller.ts';
import { DaemonSetController } from './daemonset/daemon-set-controller.ts';
import { DeploymentController } from './deployment/deployment-controller.ts';
import { DisruptionController } from './disruption/disruption-controller.ts';
import { EndpointSliceController } from './endpointslice/endpoint-slice-controller.ts';
import { EndpointSliceMirroringController } from './endpointslice/endpoint-slice-mirroring-controller.ts';
import { EndpointsController } from './endpointslice/endpoints-controller.ts';
import { EphemeralVolumeController } from './ephemeral-volume/ephemeral-volume-controller.ts';
import { HorizontalPodAutoscalerController } from './horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts';
import { JobController } from './job/job-controller.ts';
import { TtlAfterFinishedController } from './job/ttl-after-finished-controller.ts';
import { LegacyTokenCleaner } from './legacy-token-cleaner/legacy-token-cleaner.ts';
import { NamespaceController } from './namespace/namespace-controller.ts';
import { NodeIpamController } from './node-ipam/node-ipam-controller.ts';
import { NodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts';
import { PodGcController } from './pod-gc/pod-gc-controller.ts';
import { PolicyStatusController } from './policy-status/policy-status-controller.ts';
import { ReplicaSetController } from './replicaset/replica-set-controller.ts';
import { REPLICA_SET, REPLICATION_CONTROLLER } from './replicaset/replicated-workload.ts';
import { ResourceQuotaController } from './resourcequota/resource-quota-controller.ts';
import { RootCAPublisher } from './root-ca-publisher/root-ca-publisher.ts';
import { ServiceAccountController } from './serviceaccount/service-account-controller.ts';
import { TokenController } from './serviceaccount/token-controller.ts';
import { ServiceCIDRController } from './servicecidr/service-cidr-controller.ts';
import { StatefulSetController } from './statefulset/stateful-set-controller.ts';
import { TaintEvictionController } from './taint-eviction/taint-eviction-controller.ts';
import { TokenCleaner } from './token-cleaner/token-cleaner.ts';
import { VolumeBindingController } from './volume-binding/volume-binding-controller.ts';
import { TtlController } from './ttl/ttl-controller.ts';
import { newClaimProtection, newVolumeAttributesClassProtection, newVolumeProtection } from './volume-protection/volume-protection-controller.ts';

/** One controller, before anything is made of it: `component` is upstream's source name of its events. */
interface ControllerEntry {
  readonly component?: string;
  readonly create: (context: ControllerContext) => Controller;
}

/** Every controller there is, by hand, under the names that --controllers knows. The garbage collector is no Controller of the common kind, and is made apart. */
const entries: Readonly<Record<ControllerName, ControllerEntry>> = {
  'namespace-controller': { create: (context) => new NamespaceController(context) },
  'serviceaccount-controller': { create: (context) => new ServiceAccountController(context) },
  'serviceaccount-token-controller': { create: (context) => new TokenController(context) },
  'root-ca-certificate-publisher-controller': { create: (context) => new RootCAPublisher(context) },
  'node-ipam-controller': { component: 'cidrAllocator', create: (context) => new NodeIpamController(context) },
  'node-lifecycle-controller': { component: 'node-controller', create: (context) => new NodeLifecycleController(context) },
  'taint-eviction-controller': { component: 'taint-eviction-controller', create: (context) => new TaintEvictionController(context) },
  'replicaset-controller': { component: 'replicaset-controller', create: (context) => new ReplicaSetController(context, REPLICA_SET) },
  'replicationcontroller-controller': { component: 'replication-controller', create: (context) => new ReplicaSetController(context, REPLICATION_CONTROLLER) },
  'deployment-controller': { component: 'deployment-controller', create: (context) => new DeploymentController(context) },
  'daemonset-controller': { component: 'daemonset-controller', create: (context) => new DaemonSetController(context) },
  'job-controller': { component: 'job-controller', create: (context) => new JobController(context) },
  'ttl-after-finished-controller': { create: (context) => new TtlAfterFinishedController(context) },
  'certificatesigningrequest-controller': { create: (context) => new CertificateController(context) },
  'endpointslice-controller': { component: 'endpoint-slice-controller', create: (context) => new EndpointSliceController(context) },
  'endpointslice-mirroring-controller': { component: 'endpoint-slice-mirroring-controller', create: (context) => new EndpointSliceMirroringController(context) },
  'endpoints-controller': { component: 'endpoint-controller', create: (context) => new EndpointsController(context) },
  'pod-garbage-collector-controller': { create: (context) => new PodGcController(context) },
  'service-cidr-controller': { component: 'service-cidr-controller', create: (context) => new ServiceCIDRController(context) },
  'statefulset-controller': { component: 'statefulset-controller', create: (context) => new StatefulSetController(context) },
  'cronjob-controller': { component: 'cronjob-controller', create: (context) => new CronJobController(context) },
  'disruption-controller': { create: (context) => new DisruptionController(context) },
  'clusterrole-aggregation-controller': { create: (context) => new ClusterRoleAggregationController(context) },
  'persistentvolume-binder-controller': { component: 'persistentvolume-controller', create: (context) => new VolumeBindingController(context) },
  'ephemeral-volume-controller': { component: 'ephemeral_volume', create: (context) => new EphemeralVolumeController(context) },
  'persistentvolumeclaim-protection-controller': { create: newClaimProtection },
  'persistentvolume-protection-controller': { create: newVolumeProtection },
  'volumeattributesclass-protection-controller': { create: newVolumeAttributesClassProtection },
  'resourcequota-controller': { create: (context) => new ResourceQuotaController(context) },
  'validatingadmissionpolicy-status-controller': { create: (context) => new PolicyStatusController(context) },
  'horizontal-pod-autoscaler-controller': { component: 'horizontal-pod-autoscaler', create: (context) => new HorizontalPodAutoscalerController(context) },
  'legacy-serviceaccount-token-cleaner-controller': { create: (context) => new LegacyTokenCleaner(context) },
  'ttl-controller': { create: (context) => new TtlController(context) },
  'token-cleaner-controller': { create: (context) => new TokenCleaner(context) },
};

/** `contextFor` gives the events of a controller their source. */
export function newControllers(contextFor: (component: string) => ControllerContext, isEnabled: (name: string) => boolean = () => true): readonly Controller[] {
  return Object.entries(entries).filter(([name]) => isEnabled(name)).map(([, { component, create }]) => create(contextFor(component ?? 'controllermanager')));
}
