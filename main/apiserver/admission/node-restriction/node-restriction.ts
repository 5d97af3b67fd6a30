import type { CertificateSigningRequest } from '../../../../kube/api/generated/certificates/v1.ts';
import type { ResourceSlice } from '../../../../kube/api/generated/resource/v1.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import { nodeNameOf } from '../../authentication/user.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { readCertificateRequest } from '../../registry/certificates/pem.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { forbidden } from '../refusal.ts';
import { checkClaim } from './restricted-claims.ts';
import { checkNode } from './restricted-nodes.ts';
import { checkPods } from './restricted-pods.ts';
import { checkToken } from './restricted-tokens.ts';

export interface NodeRestrictionOptions {
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
}

/** A write of the kubelet of a node. */
export interface NodeRequest extends NodeRestrictionOptions {
  readonly attributes: AdmissionAttributes;
  readonly nodeName: string;
}

/** Kubelets change only their own node, what stands for it, and their own pods (upstream: plugin/pkg/admission/noderestriction). */
export function nodeRestriction(options: NodeRestrictionOptions): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ user, operation }) => operation !== 'CONNECT' && nodeNameOf(user) !== undefined,
    // Before the object's own validation, as upstream: whoever may not write hears nothing of what is wrong with it.
    async mutate(attributes) {
      await check({ ...options, attributes });
      return attributes.object as KubernetesObject;
    },
    // Deletions and some sub-resources come only here. What was checked already is checked again, cheaply: a list of what was not would have to be kept complete.
    validate: (attributes) => check({ ...options, attributes }),
  };
}

const CHECKS: Readonly<Record<string, (request: NodeRequest) => Promise<void> | void>> = {
  pods: checkPods,
  nodes: checkNode,
  persistentvolumeclaims: checkClaim,
  serviceaccounts: checkToken,
  'leases.coordination.k8s.io': checkLease,
  'csinodes.storage.k8s.io': checkCSINode,
  'resourceslices.resource.k8s.io': checkSlice,
  'certificatesigningrequests.certificates.k8s.io': checkCertificateRequest,
};

async function check(request: Omit<NodeRequest, 'nodeName'>): Promise<void> {
  const { attributes } = request;
  const nodeName = nodeNameOf(attributes.user) ?? '';
  if (nodeName === '') throw forbidden(attributes, `could not determine node from user ${goQuote(attributes.user.name)}`);
  await CHECKS[attributes.group === '' ? attributes.resource : `${attributes.resource}.${attributes.group}`]?.({ ...request, nodeName });
}

function checkLease({ attributes, nodeName }: NodeRequest): void {
  if (attributes.namespace !== 'kube-node-lease') throw forbidden(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  if (targetName(attributes) !== nodeName) throw forbidden(attributes, 'can only access node lease with the same name as the requesting node');
}

function checkCSINode({ attributes, nodeName }: NodeRequest): void {
  if (targetName(attributes) !== nodeName) throw forbidden(attributes, 'can only access CSINode with the same name as the requesting node');
}

function targetName({ operation, name, object }: AdmissionAttributes): string | undefined {
  return operation === 'CREATE' ? object?.metadata.name : name;
}

/** Slices that belong to other nodes, or to none. */
function checkSlice({ attributes, nodeName }: NodeRequest): void {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'CREATE' && operation !== 'DELETE') return;
  const { spec } = (operation === 'CREATE' ? object : oldObject) as ResourceSlice;
  if (spec?.nodeName !== nodeName) throw forbidden(attributes, `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`);
}

const KUBELET_SIGNERS: ReadonlySet<string | undefined> = new Set(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']);

/** A kubelet asks for certificates in its own name only; all else about them is for the signer. */
function checkCertificateRequest({ attributes, nodeName }: NodeRequest): void {
  const { spec } = attributes.object as Partial<CertificateSigningRequest>;
  if (attributes.operation !== 'CREATE' || !KUBELET_SIGNERS.has(spec?.signerName)) return;
  const { problem, request } = readCertificateRequest(spec?.request);
  if (!request) throw forbidden(attributes, `unable to parse csr: ${problem}`);
  if (request.subjectName.getField('CN').at(-1) !== `system:node:${nodeName}`) throw forbidden(attributes, `can only create a node CSR with CN=system:node:${nodeName}`);
}
