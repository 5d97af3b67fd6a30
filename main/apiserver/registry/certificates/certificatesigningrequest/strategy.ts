import type { CertificateSigningRequest } from '../../../../../kube/api/generated/certificates/v1.ts';
import type { StatusStrategy } from '../../generic/strategy.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import { SPEC_PATH } from '../../validation/field-path.ts';
import { checkSignerName } from '../signer-name-validation.ts';

/** CertificateSigningRequest (upstream: pkg/registry/certificates): who asks is the server's word, never the client's. */
export const certificateSigningRequestStrategy = buildStrategy<CertificateSigningRequest>({
  namespaced: false,
  prepareForCreate(request, { user }) {
    const { name, uid, groups, extra } = user;
    const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = request.spec;
    return {
      ...request,
      spec: {
        ...asked,
        username: name,
        ...(uid === undefined || uid === '' ? {} : { uid }),
        ...(groups.length === 0 ? {} : { groups: [...groups] }),
        ...(extra === undefined ? {} : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
      },
      status: {},
    };
  },
  check(request, errors) {
    if (!request.spec.request) errors.required(SPEC_PATH.child('request'));
    checkSignerName(request.spec.signerName, SPEC_PATH.child('signerName'), errors);
  },
  prepareForUpdate: (next, previous) => ({ ...next, spec: previous.spec }),
  status: { prepare: (next, previous) => ({ ...next, spec: previous.spec, status: { ...next.status, conditions: approvalsOf(previous, next) } }) },
  subresources: { approval: approvalStrategy() },
  selectableFields: ({ spec }) => ({ 'spec.signerName': spec.signerName }),
});

/** The status subresource may not touch approvals and denials. */
function approvalsOf(previous: CertificateSigningRequest, next: CertificateSigningRequest): NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']> {
  const isDecision = (condition: { readonly type: string }): boolean => condition.type === 'Approved' || condition.type === 'Denied';
  return [...(previous.status?.conditions ?? []).filter(isDecision), ...(next.status?.conditions ?? []).filter((condition) => !isDecision(condition))];
}

/** Approving changes conditions and nothing else. */
function approvalStrategy(): StatusStrategy<CertificateSigningRequest> {
  return {
    prepareForUpdate: (next, previous) => ({ ...previous, metadata: next.metadata, status: { ...previous.status, conditions: next.status?.conditions ?? [] } }),
    validateUpdate: () => [],
  };
}
