import type { Node, Pod } from '../../../../kube/api/generated/core/v1.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import { newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import { forbidden } from '../refusal.ts';
import { referenceOfMirrorPod } from './mirror-pod-references.ts';
import type { NodeRequest } from './node-restriction.ts';

const MIRROR = 'kubernetes.io/config.mirror';

/** A kubelet mirrors its static pods, reports on what is bound to it, and deletes and evicts only that. */
export async function checkPods(request: NodeRequest): Promise<void> {
  const { attributes } = request;
  const { subresource } = attributes;
  if (subresource === '') return checkPod(request);
  if (subresource === 'status') checkStatus(request);
  else if (subresource === 'eviction') await checkEviction(request);
  else throw forbidden(attributes, `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`);
}

async function checkPod(request: NodeRequest): Promise<void> {
  const { attributes, nodeName } = request;
  if (attributes.operation === 'CREATE') return checkMirrorPod(request);
  if (attributes.operation !== 'DELETE') throw forbidden(attributes, `unexpected operation "${attributes.operation}", node "${nodeName}" can only create and delete mirror pods`);
  // Upstream looks the pod up by the name in the request; a collection has none, and passes over what is not found.
  if (attributes.name === '') throw newNotFound({ group: '', resource: 'pod' }, '');
  if ((attributes.oldObject as Pod).spec?.nodeName !== nodeName) throw forbidden(attributes, `node "${nodeName}" can only delete pods with spec.nodeName set to itself`);
}

function checkStatus({ attributes, nodeName }: NodeRequest): void {
  if (attributes.operation !== 'UPDATE') throw forbidden(attributes, `unexpected operation "${attributes.operation}"`);
  const [next, old] = [attributes.object as Pod, attributes.oldObject as Pod];
  if (old.spec?.nodeName !== nodeName) throw forbidden(attributes, `node "${nodeName}" can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(next.metadata.labels ?? {}, old.metadata.labels ?? {})) throw forbidden(attributes, `node "${nodeName}" cannot update labels through pod status`);
  if (!deepEqual(next.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) throw forbidden(attributes, `node "${nodeName}" cannot update resource claim statues`);
  if (!deepEqual(next.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) throw forbidden(attributes, `node "${nodeName}" cannot update extended resource claim status`);
}

async function checkEviction({ reader, attributes, nodeName }: NodeRequest): Promise<void> {
  if (attributes.operation !== 'CREATE') throw forbidden(attributes, `unexpected operation ${attributes.operation}`);
  const pod = await reader.get<Pod>({ group: '', resource: 'pods' }, attributes);
  if (!pod) throw newNotFound({ group: '', resource: 'pod' }, attributes.name);
  if (pod.spec?.nodeName !== nodeName) throw forbidden(attributes, `node ${nodeName} can only evict pods with spec.nodeName set to itself`);
}

async function checkMirrorPod(request: NodeRequest): Promise<void> {
  const { attributes, nodeName: name } = request;
  const pod = attributes.object as Pod;
  if (pod.metadata.annotations?.[MIRROR] === undefined) throw forbidden(attributes, `pod does not have "${MIRROR}" annotation, node "${name}" can only create mirror pods`);
  if (pod.spec?.nodeName !== name) throw forbidden(attributes, `node "${name}" can only create pods with spec.nodeName set to itself`);
  await checkOwner(request, pod);
  const reference = referenceOfMirrorPod(pod);
  if (!reference) return;
  if ('problem' in reference) throw forbidden(attributes, `error checking mirror pod for API references: ${reference.problem}`);
  throw forbidden(attributes, `node "${name}" can not create pods that reference ${reference.resource}`);
}

async function checkOwner({ reader, attributes, nodeName: name }: NodeRequest, { metadata }: Pod): Promise<void> {
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
}
