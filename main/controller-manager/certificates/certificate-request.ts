import 'reflect-metadata';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import type { CertificateSigningRequest } from '../../../kube/api/generated/certificates/v1.ts';
import type { Node } from '../../../kube/api/generated/core/v1.ts';

export const API_CLIENT = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING = 'kubernetes.io/kubelet-serving';
export const LEGACY_UNKNOWN = 'kubernetes.io/legacy-unknown';
const NODE_PREFIX = 'system:node:';

export interface CertificateRequest {
  readonly parsed: Pkcs10CertificateRequest;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** E-mail addresses, URIs and whatever else no kubelet asks for. */
  readonly otherNames: readonly string[];
}

/** Reads the PEM of spec.request; throws when it is none. */
export function parseCertificateRequest(csr: CertificateSigningRequest): CertificateRequest {
  const pem = Buffer.from(csr.spec.request, 'base64').toString('utf8');
  const parsed = new Pkcs10CertificateRequest(pem);
  const alternatives = alternativeNames(parsed)?.names.items ?? [];
  const ofType = (...types: readonly string[]): string[] => alternatives.filter(({ type }) => types.includes(type)).map(({ value }) => value);
  return {
    parsed,
    commonName: parsed.subjectName.getField('CN')[0] ?? '',
    organizations: parsed.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
    otherNames: alternatives.filter(({ type }) => type !== 'dns' && type !== 'ip').map(({ value }) => value),
  };
}

export function alternativeNames(request: Pkcs10CertificateRequest): SubjectAlternativeNameExtension | undefined {
  return request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);
}

function usesExactly(csr: CertificateSigningRequest, purpose: 'client auth' | 'server auth'): boolean {
  const usages = csr.spec.usages ?? [];
  return usages.includes(purpose) && usages.includes('digital signature') && usages.every((usage) => [purpose, 'digital signature', 'key encipherment'].includes(usage));
}

function isNodeIdentity(request: CertificateRequest): boolean {
  return request.organizations.length === 1 && request.organizations[0] === 'system:nodes' && request.commonName.startsWith(NODE_PREFIX);
}

/** Upstream: ValidateKubeletClientCSR and the two rules of the certificate approver. */
export function mayHaveKubeletClient(csr: CertificateSigningRequest, request: CertificateRequest): boolean {
  if (!isNodeIdentity(request) || !usesExactly(csr, 'client auth')) return false;
  if (request.dnsNames.length + request.ipAddresses.length + request.otherNames.length > 0) return false;
  const groups = csr.spec.groups ?? [];
  const renewsItself = groups.includes('system:nodes') && csr.spec.username === request.commonName;
  return renewsItself || groups.includes('system:bootstrappers');
}

/**
 * Differs from upstream, which leaves serving certificates to an administrator: we made these nodes, so a node's own request is approved
 * when all names in it are that node's.
 */
export function mayHaveKubeletServing(csr: CertificateSigningRequest, { request, node }: { readonly request: CertificateRequest; readonly node: Node | undefined }): boolean {
  if (!isNodeIdentity(request) || !usesExactly(csr, 'server auth') || csr.spec.username !== request.commonName) return false;
  if (node === undefined || request.commonName !== NODE_PREFIX + node.metadata.name) return false;
  if (request.otherNames.length > 0 || request.dnsNames.length + request.ipAddresses.length === 0) return false;
  const addresses = new Set((node.status?.addresses ?? []).map(({ address }) => address));
  return request.dnsNames.every((name) => name === node.metadata.name || addresses.has(name)) && request.ipAddresses.every((address) => addresses.has(address));
}

export function nodeNameOf(request: CertificateRequest): string {
  return request.commonName.startsWith(NODE_PREFIX) ? request.commonName.slice(NODE_PREFIX.length) : '';
}

export function hasCondition(csr: CertificateSigningRequest, type: string): boolean {
  return csr.status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') ?? false;
}
