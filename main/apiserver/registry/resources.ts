import * as admissionregistration from '../../../kube/api/generated/admissionregistration/v1.ts';
import * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';
import * as apiregistration from '../../../kube/api/generated/apiregistration/v1.ts';
import * as apps from '../../../kube/api/generated/apps/v1.ts';
import * as autoscaling from '../../../kube/api/generated/autoscaling/v2.ts';
import * as batch from '../../../kube/api/generated/batch/v1.ts';
import * as certificates from '../../../kube/api/generated/certificates/v1.ts';
import * as core from '../../../kube/api/generated/core/v1.ts';
import * as coordination from '../../../kube/api/generated/coordination/v1.ts';
import * as discovery from '../../../kube/api/generated/discovery/v1.ts';
import * as flowcontrol from '../../../kube/api/generated/flowcontrol/v1.ts';
import * as networking from '../../../kube/api/generated/networking/v1.ts';
import * as node from '../../../kube/api/generated/node/v1.ts';
import * as policy from '../../../kube/api/generated/policy/v1.ts';
import * as scheduling from '../../../kube/api/generated/scheduling/v1.ts';
import * as storage from '../../../kube/api/generated/storage/v1.ts';
import * as resource from '../../../kube/api/generated/resource/v1.ts';
import * as rbac from '../../../kube/api/generated/rbac/v1.ts';
import { isValidPathSegmentName } from '../../../kube/apimachinery/name-validation.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import {
  mutatingAdmissionPolicyBindingStrategy,
  mutatingAdmissionPolicyStrategy,
  validatingAdmissionPolicyBindingStrategy,
  validatingAdmissionPolicyStrategy,
} from './admissionregistration/policy-strategies.ts';
import { mutatingWebhookConfigurationStrategy, validatingWebhookConfigurationStrategy } from './admissionregistration/webhook-strategies.ts';
import { markTerminating } from '../customresources/definition-deletion.ts';
import { customResourceDefinitionStrategy } from './apiextensions/crd-strategy.ts';
import { apiServiceStrategy } from './apiregistration/apiservice-strategy.ts';
import { controllerRevisionStrategy } from './apps/controllerrevision-strategy.ts';
import { daemonSetStrategy } from './apps/daemonset-strategy.ts';
import { deploymentStrategy } from './apps/deployment-strategy.ts';
import { replicaSetStrategy } from './apps/replicaset-strategy.ts';
import { statefulSetStrategy } from './apps/statefulset-strategy.ts';
import { horizontalPodAutoscalerStrategy } from './autoscaling/hpa-strategy.ts';
import { autoscalingV1 } from './autoscaling/hpa-v1.ts';
import { cronJobStrategy } from './batch/cronjob-strategy.ts';
import { jobStrategy } from './batch/job-strategy.ts';
import { certificateSigningRequestStrategy } from './certificates/csr-strategy.ts';
import { configMapStrategy } from './core/configmap/strategy.ts';
import { namespaceStrategy, terminatingNamespace } from './core/namespace/strategy.ts';
import { nodeStrategy } from './core/node/strategy.ts';
import { endpointsStrategy } from './core/endpoints/strategy.ts';
import { eventsV1 } from './core/event/events-v1.ts';
import { eventStrategy } from './core/event/strategy.ts';
import { limitRangeStrategy } from './core/limitrange/strategy.ts';
import { persistentVolumeStrategy } from './core/persistentvolume/strategy.ts';
import { persistentVolumeClaimStrategy } from './core/persistentvolumeclaim/strategy.ts';
import { replicationControllerStrategy } from './core/replicationcontroller/strategy.ts';
import { resourceQuotaStrategy } from './core/resourcequota/strategy.ts';
import { podStrategy } from './core/pod/strategy.ts';
import { podTemplateStrategy } from './core/podtemplate/strategy.ts';
import { secretStrategy } from './core/secret/strategy.ts';
import { serviceDefinition, type ServiceRanges } from './core/service/definition.ts';
import { serviceAccountStrategy } from './core/serviceaccount/strategy.ts';
import type { MetadataRules, ResourceDefinition } from './generic/resource-definition.ts';
import { leaseStrategy } from './coordination/lease-strategy.ts';
import { endpointSliceStrategy } from './discovery/endpointslice-strategy.ts';
import { flowSchemaStrategy } from './flowcontrol/flowschema-strategy.ts';
import { priorityLevelStrategy } from './flowcontrol/prioritylevel-strategy.ts';
import { ingressClassStrategy, ipAddressStrategy, serviceCidrStrategy, validateIpAddressName } from './networking/class-and-address-strategies.ts';
import { ingressStrategy } from './networking/ingress-strategy.ts';
import { networkPolicyStrategy } from './networking/networkpolicy-strategy.ts';
import { runtimeClassStrategy } from './node/runtimeclass-strategy.ts';
import { podDisruptionBudgetStrategy } from './policy/poddisruptionbudget-strategy.ts';
import { priorityClassStrategy, refusesPriorityClassDelete } from './scheduling/priorityclass-strategy.ts';
import { csiStorageCapacityStrategy, storageClassStrategy, volumeAttributesClassStrategy } from './storage/class-strategies.ts';
import { csiDriverStrategy, csiNodeStrategy, volumeAttachmentStrategy } from './storage/csi-strategies.ts';
import { clusterRoleBindingStrategy, roleBindingStrategy } from './rbac/binding-strategies.ts';
import { clusterRoleStrategy, roleStrategy } from './rbac/role-strategies.ts';
import { adminAccessErrors, deviceClassStrategy, resourceClaimStrategy, resourceClaimTemplateStrategy } from './resource/claim-strategies.ts';
import { resourceSliceStrategy } from './resource/resourceslice-strategy.ts';
import { nameIsDnsLabel, nameOfLimitedBytes } from './validation/values.ts';

/** What registry definitions need of the cluster they run in. */
export interface ResourceOptions {
  /** `10.96.0.0/16`, or two of them for dual stack. */
  readonly serviceCIDR: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  readonly counted?: ServiceRanges['counted'];
  /** Undefined when there is no such namespace. */
  readonly namespaceLabels: (name: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Every built-in resource that has a strategy of its own. The others are served with the default strategy. */
export function resourceDefinitions(options: ResourceOptions): readonly ResourceDefinition[] {
  return [
    define({ resource: core.pods, strategy: podStrategy, metadataRules: rechecked }),
    define({ resource: core.podtemplates, strategy: podTemplateStrategy }),
    define({ resource: core.nodes, strategy: nodeStrategy, metadataRules: everythingFirst }),
    define({ resource: core.namespaces, strategy: namespaceStrategy, validateName: nameIsDnsLabel, metadataRules: everythingFirst, marksFirst: 'withFinalizers', prepareForDelete: terminatingNamespace }),
    define({ resource: core.configmaps, strategy: configMapStrategy, metadataRules: rechecked }),
    define({ resource: core.secrets, strategy: secretStrategy, metadataRules: rechecked }),
    define(serviceDefinition(options)),
    define({ resource: core.serviceaccounts, strategy: serviceAccountStrategy, metadataRules: rechecked }),
    define({ resource: core.endpoints, strategy: endpointsStrategy, metadataRules: rechecked }),
    define({ resource: core.events, strategy: eventStrategy, alternatives: [eventsV1], uncached: true, metadataRules: ({ group }) => ({ own: group === 'events.k8s.io' }) }),
    define({ resource: core.limitranges, strategy: limitRangeStrategy, metadataRules: everything }),
    define({ resource: core.resourcequotas, strategy: resourceQuotaStrategy }),
    define({ resource: core.persistentvolumes, strategy: persistentVolumeStrategy, metadataRules: () => ({ onUpdate: 'everythingTwice' }) }),
    define({ resource: core.persistentvolumeclaims, strategy: persistentVolumeClaimStrategy, metadataRules: rechecked }),
    define({ resource: core.replicationcontrollers, strategy: replicationControllerStrategy, validateName: (name, prefix) => (prefix ? [] : nameOfLimitedBytes(name)) }),
    define({ resource: apps.deployments, strategy: deploymentStrategy }),
    define({ resource: apps.replicasets, strategy: replicaSetStrategy }),
    define({ resource: apps.daemonsets, strategy: daemonSetStrategy }),
    define({ resource: apps.statefulsets, strategy: statefulSetStrategy, validateName: nameIsDnsLabel }),
    define({ resource: apps.controllerrevisions, strategy: controllerRevisionStrategy, metadataRules: rechecked }),
    define({ resource: batch.jobs, strategy: jobStrategy, metadataRules: everythingFirst }),
    define({ resource: batch.cronjobs, strategy: cronJobStrategy }),
    define({ resource: coordination.leases, strategy: leaseStrategy, metadataRules: plainFinalizers }),
    define({ resource: discovery.endpointslices, strategy: endpointSliceStrategy, metadataRules: everything }),
    define({ resource: networking.ingresses, strategy: ingressStrategy, metadataRules: rechecked }),
    define({ resource: networking.ingressclasses, strategy: ingressClassStrategy, metadataRules: rechecked }),
    define({ resource: networking.networkpolicies, strategy: networkPolicyStrategy }),
    define({ resource: networking.ipaddresses, strategy: ipAddressStrategy, validateName: validateIpAddressName, metadataRules: everythingFirst }),
    define({ resource: networking.servicecidrs, strategy: serviceCidrStrategy }),
    define({ resource: policy.poddisruptionbudgets, strategy: podDisruptionBudgetStrategy, metadataRules: unchecked }),
    define({ resource: scheduling.priorityclasses, strategy: priorityClassStrategy, refusesDelete: refusesPriorityClassDelete }),
    define({ resource: node.runtimeclasses, strategy: runtimeClassStrategy, metadataRules: () => ({ plainFinalizers: true, onUpdate: 'everythingThenChanges' }) }),
    define({ resource: storage.storageclasses, strategy: storageClassStrategy, metadataRules: everythingFirst }),
    define({ resource: storage.volumeattributesclasses, strategy: volumeAttributesClassStrategy, metadataRules: rechecked }),
    define({ resource: storage.csistoragecapacities, strategy: csiStorageCapacityStrategy, metadataRules: everythingFirst }),
    define({ resource: storage.csidrivers, strategy: csiDriverStrategy }),
    define({ resource: storage.csinodes, strategy: csiNodeStrategy, metadataRules: everything }),
    define({ resource: storage.volumeattachments, strategy: volumeAttachmentStrategy, metadataRules: everything }),
    define({ resource: autoscaling.horizontalpodautoscalers, strategy: horizontalPodAutoscalerStrategy, alternatives: [autoscalingV1] }),
    define({ resource: certificates.certificatesigningrequests, strategy: certificateSigningRequestStrategy, validateName: () => [], metadataRules: rechecked }),
    define({ resource: admissionregistration.validatingwebhookconfigurations, strategy: validatingWebhookConfigurationStrategy, metadataRules: everythingPlain }),
    define({ resource: admissionregistration.mutatingwebhookconfigurations, strategy: mutatingWebhookConfigurationStrategy, metadataRules: everythingPlain }),
    define({ resource: admissionregistration.validatingadmissionpolicies, strategy: validatingAdmissionPolicyStrategy, metadataRules: everythingPlain }),
    define({ resource: admissionregistration.validatingadmissionpolicybindings, strategy: validatingAdmissionPolicyBindingStrategy, metadataRules: everythingPlain }),
    define({ resource: admissionregistration.mutatingadmissionpolicies, strategy: mutatingAdmissionPolicyStrategy, metadataRules: everythingPlain }),
    define({ resource: admissionregistration.mutatingadmissionpolicybindings, strategy: mutatingAdmissionPolicyBindingStrategy, metadataRules: everythingPlain }),
    define({ resource: apiextensions.customresourcedefinitions, strategy: customResourceDefinitionStrategy, metadataRules: plainFinalizers, marksFirst: 'alone', prepareForDelete: markTerminating }),
    define({ resource: apiregistration.apiservices, strategy: apiServiceStrategy, validateName: isValidPathSegmentName, metadataRules: plainFinalizers }),
    define({ resource: flowcontrol.flowschemas, strategy: flowSchemaStrategy, metadataRules: everything }),
    define({ resource: flowcontrol.prioritylevelconfigurations, strategy: priorityLevelStrategy, metadataRules: everything }),
    define({
      resource: resource.resourceclaims, strategy: resourceClaimStrategy, metadataRules: rechecked,
      referenceErrors: ({ spec, metadata: { namespace = '' } }) => adminAccessErrors(spec, () => options.namespaceLabels(namespace)),
    }),
    define({
      resource: resource.resourceclaimtemplates, strategy: resourceClaimTemplateStrategy, metadataRules: everythingFirst,
      referenceErrors: ({ spec, metadata: { namespace = '' } }) => adminAccessErrors(spec?.spec, () => options.namespaceLabels(namespace)),
    }),
    define({ resource: resource.deviceclasses, strategy: deviceClassStrategy, validateName: (name, prefix) => (prefix ? [] : nameOfLimitedBytes(name)), metadataRules: rechecked }),
    define({ resource: resource.resourceslices, strategy: resourceSliceStrategy }),
    define({ resource: rbac.roles, strategy: roleStrategy, validateName: isValidPathSegmentName, metadataRules: everythingFirst }),
    define({ resource: rbac.clusterroles, strategy: clusterRoleStrategy, validateName: isValidPathSegmentName, metadataRules: everythingFirst }),
    define({ resource: rbac.rolebindings, strategy: roleBindingStrategy, validateName: isValidPathSegmentName, metadataRules: everythingFirst }),
    define({ resource: rbac.clusterrolebindings, strategy: clusterRoleBindingStrategy, validateName: isValidPathSegmentName, metadataRules: everythingFirst }),
  ];
}

const rechecked = (): MetadataRules => ({ onUpdate: 'changesThenEverything' });
const everything = (): MetadataRules => ({ onUpdate: 'everything' });
const everythingPlain = (): MetadataRules => ({ plainFinalizers: true, onUpdate: 'everything' });
const everythingFirst = (): MetadataRules => ({ onUpdate: 'everythingThenChanges' });
const plainFinalizers = (): MetadataRules => ({ plainFinalizers: true });
const unchecked = (): MetadataRules => ({ own: false });

/** Forgets the type of the object: the registry handles all definitions alike. */
function define<T extends KubernetesObject>(definition: ResourceDefinition<T>): ResourceDefinition {
  return definition as unknown as ResourceDefinition;
}
