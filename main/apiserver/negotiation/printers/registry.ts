import type { GroupVersionKind } from '../../../../kube/apimachinery/gvr.ts';
import {
  admissionPolicyBindingPrinter, apiServicePrinter, certificateSigningRequestPrinter, clusterRoleBindingPrinter, flowSchemaPrinter,
  mutatingAdmissionPolicyPrinter, priorityLevelConfigurationPrinter, roleBindingPrinter, validatingAdmissionPolicyPrinter, webhookConfigurationPrinter,
} from './access.ts';
import {
  componentStatusPrinter, configMapPrinter, endpointsPrinter, eventPrinter, namespacePrinter, nodePrinter, podTemplatePrinter,
  replicationControllerPrinter, resourceQuotaPrinter, secretPrinter, serviceAccountPrinter, servicePrinter,
} from './core.ts';
import {
  endpointSlicePrinter, ingressClassPrinter, ingressPrinter, ipAddressPrinter, leasePrinter, networkPolicyPrinter, priorityClassPrinter,
  resourceClaimPrinter, resourceSlicePrinter, runtimeClassPrinter, serviceCIDRPrinter,
} from './network.ts';
import { podPrinter } from './pod.ts';
import { AGE, age, NAME, type Printer, printer } from './printer.ts';
import {
  csiDriverPrinter, csiNodePrinter, persistentVolumeClaimPrinter, persistentVolumePrinter, storageClassPrinter,
  volumeAttachmentPrinter, volumeAttributesClassPrinter,
} from './storage.ts';
import {
  controllerRevisionPrinter, cronJobPrinter, daemonSetPrinter, deploymentPrinter, horizontalPodAutoscalerPrinter, jobPrinter,
  podDisruptionBudgetPrinter, replicaSetPrinter, scalePrinter, statefulSetPrinter,
} from './workloads.ts';

/** Kinds whose table has the name and the age only. */
const nameAndAge = printer({ columns: [NAME, AGE], cells: (object, context) => [object.metadata.name, age(object, context)] });

/** What Go writes for a time that was never set: a bookmark's. */
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Kinds that have no printer upstream: the name and the creation time as it stands. */
export const createdAtPrinter = printer({
  columns: [NAME, 'Created At|date|0|@meta/v1.ObjectMeta.creationTimestamp'],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp ?? ZERO_TIME],
});

/** By `group/Kind`. */
const printers: Readonly<Record<string, Printer>> = {
  '/ComponentStatus': componentStatusPrinter,
  '/ConfigMap': configMapPrinter,
  '/Endpoints': endpointsPrinter,
  '/Event': eventPrinter,
  '/Namespace': namespacePrinter,
  '/Node': nodePrinter,
  '/PersistentVolume': persistentVolumePrinter,
  '/PersistentVolumeClaim': persistentVolumeClaimPrinter,
  '/Pod': podPrinter,
  '/PodTemplate': podTemplatePrinter,
  '/ReplicationController': replicationControllerPrinter,
  '/ResourceQuota': resourceQuotaPrinter,
  '/Secret': secretPrinter,
  '/Service': servicePrinter,
  '/ServiceAccount': serviceAccountPrinter,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': mutatingAdmissionPolicyPrinter,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': admissionPolicyBindingPrinter,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookConfigurationPrinter,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingAdmissionPolicyPrinter,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': admissionPolicyBindingPrinter,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookConfigurationPrinter,
  'apiregistration.k8s.io/APIService': apiServicePrinter,
  'apps/ControllerRevision': controllerRevisionPrinter,
  'apps/DaemonSet': daemonSetPrinter,
  'apps/Deployment': deploymentPrinter,
  'apps/ReplicaSet': replicaSetPrinter,
  'apps/StatefulSet': statefulSetPrinter,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscalerPrinter,
  'autoscaling/Scale': scalePrinter,
  'batch/CronJob': cronJobPrinter,
  'batch/Job': jobPrinter,
  'certificates.k8s.io/CertificateSigningRequest': certificateSigningRequestPrinter,
  'coordination.k8s.io/Lease': leasePrinter,
  'discovery.k8s.io/EndpointSlice': endpointSlicePrinter,
  'events.k8s.io/Event': eventPrinter,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaPrinter,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelConfigurationPrinter,
  'networking.k8s.io/IPAddress': ipAddressPrinter,
  'networking.k8s.io/Ingress': ingressPrinter,
  'networking.k8s.io/IngressClass': ingressClassPrinter,
  'networking.k8s.io/NetworkPolicy': networkPolicyPrinter,
  'networking.k8s.io/ServiceCIDR': serviceCIDRPrinter,
  'node.k8s.io/RuntimeClass': runtimeClassPrinter,
  'policy/PodDisruptionBudget': podDisruptionBudgetPrinter,
  'rbac.authorization.k8s.io/ClusterRoleBinding': clusterRoleBindingPrinter,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingPrinter,
  'resource.k8s.io/DeviceClass': nameAndAge,
  'resource.k8s.io/ResourceClaim': resourceClaimPrinter,
  'resource.k8s.io/ResourceClaimTemplate': nameAndAge,
  'resource.k8s.io/ResourceSlice': resourceSlicePrinter,
  'scheduling.k8s.io/PriorityClass': priorityClassPrinter,
  'storage.k8s.io/CSIDriver': csiDriverPrinter,
  'storage.k8s.io/CSINode': csiNodePrinter,
  'storage.k8s.io/StorageClass': storageClassPrinter,
  'storage.k8s.io/VolumeAttachment': volumeAttachmentPrinter,
  'storage.k8s.io/VolumeAttributesClass': volumeAttributesClassPrinter,
};

/** The printer of a built-in kind; kinds without one get name and creation time. */
export function printerOf({ group, kind }: GroupVersionKind): Printer {
  return printers[`${group}/${kind}`] ?? createdAtPrinter;
}
