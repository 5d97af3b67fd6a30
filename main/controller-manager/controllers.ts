import type { ControllerContext } from './controller-context.ts';
import type { Controller } from './controller.ts';
import { CertificateController } from './certificates/certificate-controller.ts';
import { ClusterRoleAggregationController } from './clusterrole-aggregation/cluster-role-aggregation-controller.ts';
import { CronJobController } from './cronjob/cron-job-controller.ts';
import { DaemonSetController } from './daemonset/daemon-set-controller.ts';
import { DeploymentController } from './deployment/deployment-controller.ts';
import { DisruptionController } from './disruption/disruption-controller.ts';
import { EndpointSliceController } from './endpointslice/endpoint-slice-controller.ts';
import { EndpointsController } from './endpointslice/endpoints-controller.ts';
import { JobController } from './job/job-controller.ts';
import { TtlAfterFinishedController } from './job/ttl-after-finished-controller.ts';
import { NamespaceController } from './namespace/namespace-controller.ts';
import { NodeIpamController } from './node-ipam/node-ipam-controller.ts';
import { NodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts';
import { PodGcController } from './pod-gc/pod-gc-controller.ts';
import { ReplicaSetController } from './replicaset/replica-set-controller.ts';
import { REPLICA_SET, REPLICATION_CONTROLLER } from './replicaset/replicated-workload.ts';
import { ResourceQuotaController } from './resourcequota/resource-quota-controller.ts';
import { RootCAPublisher } from './root-ca-publisher/root-ca-publisher.ts';
import { ServiceAccountController } from './serviceaccount/service-account-controller.ts';
import { StatefulSetController } from './statefulset/stateful-set-controller.ts';
import { TaintEvictionController } from './taint-eviction/taint-eviction-controller.ts';
import { TokenCleaner } from './token-cleaner/token-cleaner.ts';
import { VolumeBindingController } from './volume-binding/volume-binding-controller.ts';
import { newClaimProtection, newVolumeAttributesClassProtection, newVolumeProtection } from './volume-protection/volume-protection-controller.ts';

/** Every controller there is, by hand; `contextFor` gives the events of a controller their source, upstream's name of it. */
export function newControllers(contextFor: (component: string) => ControllerContext): readonly Controller[] {
  const context = contextFor('controllermanager');
  return [
    new NamespaceController(context),
    new ServiceAccountController(context),
    new RootCAPublisher(context),
    new NodeIpamController(contextFor('cidrAllocator')),
    new NodeLifecycleController(contextFor('node-controller')),
    new TaintEvictionController(contextFor('taint-eviction-controller')),
    new ReplicaSetController(contextFor('replicaset-controller'), REPLICA_SET),
    new ReplicaSetController(contextFor('replication-controller'), REPLICATION_CONTROLLER),
    new DeploymentController(contextFor('deployment-controller')),
    new DaemonSetController(contextFor('daemonset-controller')),
    new JobController(contextFor('job-controller')),
    new TtlAfterFinishedController(context),
    new CertificateController(context),
    new EndpointSliceController(contextFor('endpoint-slice-controller')),
    new EndpointsController(contextFor('endpoint-controller')),
    new PodGcController(context),
    new StatefulSetController(contextFor('statefulset-controller')),
    new CronJobController(contextFor('cronjob-controller')),
    new DisruptionController(context),
    new ClusterRoleAggregationController(context),
    new VolumeBindingController(contextFor('persistentvolume-controller')),
    newClaimProtection(context),
    newVolumeProtection(context),
    newVolumeAttributesClassProtection(context),
    new ResourceQuotaController(context),
    new TokenCleaner(context),
  ];
}
