/** Fields that an endpoint puts back, whatever a client sends, so that nobody owns them through it (upstream: each strategy's GetResetFields). */

type Paths = readonly (readonly string[])[];

/** What a write of the status leaves alone beyond the spec. */
const STATUS_EXTRA: Readonly<Record<string, Paths>> = {
  'certificatesigningrequests.certificates.k8s.io': [['status', 'conditions']],
  'deployments.apps': [['metadata', 'labels']],
  pods: [
    ['metadata', 'deletionTimestamp'],
    ['metadata', 'ownerReferences'],
  ],
  'apiservices.apiregistration.k8s.io': [['metadata']],
  'servicecidrs.networking.k8s.io': [['metadata']],
  'customresourcedefinitions.apiextensions.k8s.io': [['metadata']],
  'flowschemas.flowcontrol.apiserver.k8s.io': [['metadata']],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': [['metadata']],
  'resourceclaims.resource.k8s.io': [['metadata']],
  'validatingadmissionpolicies.admissionregistration.k8s.io': [['metadata']],
  'volumeattachments.storage.k8s.io': [['metadata']],
};

/** Whatever the API server decides alone: who asks, and everything that follows. */
const ALL_BUT_STATUS_ENDPOINT: ReadonlySet<string> = new Set(['certificatesigningrequests.certificates.k8s.io']);

export function resetFieldsOfEndpoint(endpoint: {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly hasStatus: boolean;
}): Paths {
  const { group, resource, subresource, hasStatus } = endpoint;
  const key = group === '' ? resource : `${resource}.${group}`;
  if (subresource === 'status') return [['spec'], ...(STATUS_EXTRA[key] ?? [])];
  if (subresource === 'approval') return [['spec'], ['status', 'certificate']];
  if (ALL_BUT_STATUS_ENDPOINT.has(key)) return [['spec'], ['status']];
  return subresource === '' && hasStatus ? [['status']] : [];
}
