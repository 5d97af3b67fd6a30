import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { CertificateSigningRequest } from '../../../kube/api/generated/certificates/v1.ts';
import type { TokenRequest } from '../../../kube/api/generated/authentication/v1.ts';
import type { ResourceSlice } from '../../../kube/api/generated/resource/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newNotFound } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { nodeNameOf } from '../authentication/user.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { subjectOfRequest } from './certificates.ts';
import { forbidden } from './refusal.ts';

const MIRROR = 'kubernetes.io/config.mirror';
/** Labels in Kubernetes' own domains that kubelets may set (upstream: pkg/kubelet/apis/well_known_labels.go). */
const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch', 'kubernetes.io/os', 'kubernetes.io/arch',
]);
const KUBELET_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';

/** Kubelets change only their own node, its lease, and their own pods (upstream: plugin/pkg/admission/noderestriction). */
export function nodeRestriction(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ user }) => nodeNameOf(user) !== undefined,
    // Before the object's own validation, as upstream: whoever may not write hears nothing of what is wrong with it.
    async mutate(attributes) {
      await check(reader, attributes);
      return attributes.object as KubernetesObject;
    },
    // Deletions and some sub-resources come only here. What was checked already is checked again, cheaply: a list of what was not would have to be kept complete.
    validate: (attributes) => check(reader, attributes),
  };
}

async function check(reader: ObjectReader, attributes: AdmissionAttributes): Promise<void> {
  const nodeName = nodeNameOf(attributes.user) ?? '';
  const { group, resource } = attributes;
  if (group === '' && resource === 'pods') await checkPods(reader, attributes, nodeName);
  else if (group === '' && resource === 'nodes') checkNode(attributes, nodeName);
  else if (group === '' && resource === 'serviceaccounts' && attributes.subresource === 'token') await checkToken(reader, attributes, nodeName);
  else if (group === 'coordination.k8s.io' && resource === 'leases') checkLease(attributes, nodeName);
  else if (group === 'resource.k8s.io' && resource === 'resourceslices') checkSlice(attributes, nodeName);
  else if (group === 'certificates.k8s.io' && resource === 'certificatesigningrequests') checkCertificateRequest(attributes, nodeName);
  else if (group === 'storage.k8s.io' && resource === 'csinodes' && (attributes.name || attributes.object?.metadata.name) !== nodeName) {
    throw forbidden(attributes, 'can only access CSINode with the same name as the requesting node');
  }
}

const KUBELET_SIGNERS: ReadonlySet<string | undefined> = new Set(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']);

/** A kubelet asks for certificates in its own name only; all else about them is for the signer. */
function checkCertificateRequest(attributes: AdmissionAttributes, nodeName: string): void {
  const { spec } = attributes.object as Partial<CertificateSigningRequest>;
  if (attributes.operation !== 'CREATE' || !KUBELET_SIGNERS.has(spec?.signerName)) return;
  const name = subjectOfRequest(spec?.request, 'CN');
  if (name === undefined) throw forbidden(attributes, 'unable to parse csr: PEM block type must be CERTIFICATE REQUEST');
  if (name.at(-1) !== `system:node:${nodeName}`) throw forbidden(attributes, `can only create a node CSR with CN=system:node:${nodeName}`);
}

async function checkPods(reader: ObjectReader, attributes: AdmissionAttributes, nodeName: string): Promise<void> {
  const { operation, subresource } = attributes;
  if (subresource === 'eviction') {
    const pod = await reader.get<Pod>({ group: '', resource: 'pods' }, attributes);
    if (!pod) throw newNotFound({ group: '', resource: 'pod' }, attributes.name);
    if (pod.spec?.nodeName !== nodeName) throw forbidden(attributes, `node ${nodeName} can only evict pods with spec.nodeName set to itself`);
    return;
  }
  if (subresource === 'status') {
    const [next, old] = [attributes.object as Pod, attributes.oldObject as Pod];
    if (old.spec?.nodeName !== nodeName) throw forbidden(attributes, `node "${nodeName}" can only update pod status for pods with spec.nodeName set to itself`);
    if (!deepEqual(next.metadata.labels ?? {}, old.metadata.labels ?? {})) throw forbidden(attributes, `node "${nodeName}" cannot update labels through pod status`);
    if (!deepEqual(next.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) throw forbidden(attributes, `node "${nodeName}" cannot update resource claim statues`);
    if (!deepEqual(next.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) throw forbidden(attributes, `node "${nodeName}" cannot update extended resource claim status`);
    return;
  }
  if (subresource !== '') {
    if (subresource !== 'binding') throw forbidden(attributes, `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`);
    return;
  }
  if (operation === 'CREATE') return checkMirrorPod(reader, attributes, nodeName);
  if (operation === 'DELETE') {
    if ((attributes.oldObject as Pod).spec?.nodeName !== nodeName) throw forbidden(attributes, `node "${nodeName}" can only delete pods with spec.nodeName set to itself`);
    return;
  }
  throw forbidden(attributes, `unexpected operation "${operation}", node "${nodeName}" can only create and delete mirror pods`);
}

async function checkMirrorPod(reader: ObjectReader, attributes: AdmissionAttributes, nodeName: string): Promise<void> {
  const { metadata, spec } = attributes.object as Pod;
  const name = nodeName;
  if (metadata.annotations?.[MIRROR] === undefined) throw forbidden(attributes, `pod does not have "${MIRROR}" annotation, node "${name}" can only create mirror pods`);
  if (spec?.nodeName !== name) throw forbidden(attributes, `node "${name}" can only create pods with spec.nodeName set to itself`);
  const owners = metadata.ownerReferences ?? [];
  const [owner] = owners;
  if (owners.length > 1) throw forbidden(attributes, `node "${name}" can only create pods with a single owner reference set to itself`);
  if (!owner || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== name) {
    throw forbidden(attributes, `node "${name}" can only create pods with an owner reference set to itself`);
  }
  if (!owner.controller) throw forbidden(attributes, `node "${name}" can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion) throw forbidden(attributes, `node "${name}" must not set blockOwnerDeletion on an owner reference`);
  const node = await reader.get<Node>({ group: '', resource: 'nodes' }, { name });
  if (!node) throw newNotFound({ group: '', resource: 'node' }, name);
  if (owner.uid !== node.metadata.uid) throw forbidden(attributes, `node ${name} UID mismatch: expected ${owner.uid} got ${node.metadata.uid ?? ''}`);
  if (spec.serviceAccountName) throw forbidden(attributes, `node "${name}" can not create pods that reference a service account`);
}

function checkNode(attributes: AdmissionAttributes, nodeName: string): void {
  const { operation } = attributes;
  const name = attributes.name || attributes.object?.metadata.name;
  if (operation === 'CONNECT') return;
  if (name !== nodeName) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify node "${name}"`);
  if (operation === 'CREATE') {
    if ((attributes.object as Node).spec?.configSource) throw forbidden(attributes, `node "${nodeName}" is not allowed to create pods with a non-nil configSource`);
    const bad = forbiddenLabels(attributes.object?.metadata.labels ?? {});
    if (bad.length > 0) throw forbidden(attributes, `node "${nodeName}" is not allowed to set the following labels: ${bad.join(', ')}`);
    return;
  }
  if (operation !== 'UPDATE') return;
  const [next, old] = [attributes.object as Node, attributes.oldObject as Node];
  if (next.spec?.configSource && !deepEqual(next.spec.configSource, old.spec?.configSource)) throw forbidden(attributes, `node "${nodeName}" is not allowed to update configSource to a new non-nil configSource`);
  if (!deepEqual(next.spec?.taints ?? [], old.spec?.taints ?? [])) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify taints`);
  if (!deepEqual(next.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify ownerReferences`);
  const bad = forbiddenLabels(changedLabels(next, old));
  if (bad.length > 0) throw forbidden(attributes, `is not allowed to modify labels: ${bad.join(', ')}`);
}

function changedLabels(next: KubernetesObject, old: KubernetesObject): Record<string, string> {
  const [after, before] = [next.metadata.labels ?? {}, old.metadata.labels ?? {}];
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return Object.fromEntries([...keys].filter((key) => after[key] !== before[key]).map((key) => [key, after[key] ?? '']));
}

function forbiddenLabels(labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(labels).filter((key) => {
    const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    const isIn = (suffix: string): boolean => domain === suffix || domain.endsWith(`.${suffix}`);
    if (isIn(RESTRICTED_DOMAIN)) return true;
    if (!isIn('kubernetes.io') && !isIn('k8s.io')) return false;
    return !KUBELET_LABELS.has(key) && !KUBELET_DOMAINS.some(isIn);
  }).sort();
}

function checkLease(attributes: AdmissionAttributes, nodeName: string): void {
  if (attributes.namespace !== 'kube-node-lease') throw forbidden(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  const name = attributes.name || attributes.object?.metadata.name;
  if (name !== nodeName) throw forbidden(attributes, 'can only access node lease with the same name as the requesting node');
}

/** Slices that belong to other nodes, or to none. */
function checkSlice(attributes: AdmissionAttributes, nodeName: string): void {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'CREATE' && operation !== 'DELETE') return;
  const { spec } = (operation === 'CREATE' ? object : oldObject) as ResourceSlice;
  if (spec?.nodeName !== nodeName) throw forbidden(attributes, `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`);
}

async function checkToken(reader: ObjectReader, attributes: AdmissionAttributes, nodeName: string): Promise<void> {
  const { boundObjectRef: ref } = (attributes.object as TokenRequest).spec ?? {};
  if (ref?.kind !== 'Pod' || ref.apiVersion !== 'v1' || !ref.name) throw forbidden(attributes, 'node requested token not bound to a pod');
  if (!ref.uid) throw forbidden(attributes, 'node requested token with a pod binding without a uid');
  const pod = await reader.get<Pod>({ group: '', resource: 'pods' }, { namespace: attributes.namespace, name: ref.name });
  if (!pod) throw newNotFound({ group: '', resource: 'pod' }, ref.name);
  if (ref.uid !== pod.metadata.uid) {
    throw forbidden(attributes, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`);
  }
  if (pod.spec?.nodeName !== nodeName) throw forbidden(attributes, 'node requested token bound to a pod scheduled on a different node');
}
