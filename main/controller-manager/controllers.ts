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
import { RootCAPublisher } from './root-ca-publisher/root-ca-publisher.ts';
import { ServiceAccountController } from './serviceaccount/service-account-controller.ts';
import { StatefulSetController } from './statefulset/stateful-set-controller.ts';
import { TaintEvictionController } from './taint-eviction/taint-eviction-controller.ts';
import { TokenCleaner } from './token-cleaner/token-cleaner.ts';
import { newClaimProtection, newVolumeProtection } from './volume-protection/volume-protection-controller.ts';

/** Every controller there is, by hand. */
export function newControllers(context: ControllerContext): readonly Controller[] {
  return [
    new NamespaceController(context),
    new ServiceAccountController(context),
    new RootCAPublisher(context),
    new NodeIpamController(context),
    new NodeLifecycleController(context),
    new TaintEvictionController(context),
    new ReplicaSetController(context, REPLICA_SET),
    new ReplicaSetController(context, REPLICATION_CONTROLLER),
    new DeploymentController(context),
    new DaemonSetController(context),
    new JobController(context),
    new TtlAfterFinishedController(context),
    new CertificateController(context),
    new EndpointSliceController(context),
    new EndpointsController(context),
    new PodGcController(context),
    new StatefulSetController(context),
    new CronJobController(context),
    new DisruptionController(context),
    new ClusterRoleAggregationController(context),
    newClaimProtection(context),
    newVolumeProtection(context),
    new TokenCleaner(context),
  ];
}
