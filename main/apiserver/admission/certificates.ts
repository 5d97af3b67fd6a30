import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { CertificateSigningRequest } from '../../../kube/api/generated/certificates/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbidden, isFor } from './refusal.ts';

const GROUP = 'certificates.k8s.io';

/** Who may approve and sign for a signer: the verbs `approve` and `sign` on signers NAME or DOMAIN/* (upstream: plugin/pkg/admission/certificates). */
export function certificateAdmissions(authorizer: Authorizer): readonly AdmissionPlugin[] {
  return [
    {
      name: 'CertificateApproval',
      handles: (attributes) => isFor(attributes, 'certificatesigningrequests', { group: GROUP, operations: ['UPDATE'], subresources: ['approval'] }),
      async validate(attributes) {
        const signer = signerOf(attributes.oldObject);
        if (!(await mayFor(authorizer, attributes, { verb: 'approve', signer }))) throw forbidden(attributes, `user not permitted to approve requests with signerName "${signer}"`);
      },
    },
    {
      name: 'CertificateSigning',
      handles: (attributes) => isFor(attributes, 'certificatesigningrequests', { group: GROUP, operations: ['UPDATE'], subresources: ['status'] }),
      async validate(attributes) {
        const [next, old] = [attributes.object as CertificateSigningRequest, attributes.oldObject as CertificateSigningRequest];
        if (next.status?.certificate === old.status?.certificate && deepEqual(next.status?.conditions ?? [], old.status?.conditions ?? [])) return;
        const signer = signerOf(old);
        if (!(await mayFor(authorizer, attributes, { verb: 'sign', signer }))) throw forbidden(attributes, `user not permitted to sign requests with signerName "${signer}"`);
      },
    },
    {
      name: 'CertificateSubjectRestriction',
      handles: (attributes) => isFor(attributes, 'certificatesigningrequests', { group: GROUP, operations: ['CREATE'] }),
      validate(attributes) {
        const { spec } = attributes.object as CertificateSigningRequest;
        if (spec?.signerName !== 'kubernetes.io/kube-apiserver-client' || !(subjectOfRequest(spec.request, 'O') ?? []).includes('system:masters')) return;
        throw forbidden(attributes, 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed');
      },
    },
  ];
}

function signerOf(object: unknown): string {
  return (object as CertificateSigningRequest).spec?.signerName ?? '';
}

async function mayFor(authorizer: Authorizer, { user }: AdmissionAttributes, { verb, signer }: { readonly verb: string; readonly signer: string }): Promise<boolean> {
  for (const name of [signer, `${signer.split('/', 1)[0]}/*`]) {
    const { decision } = await authorizer.authorize({ user, verb, isResourceRequest: true, path: '', apiGroup: GROUP, apiVersion: '*', namespace: '', resource: 'signers', subresource: '', name });
    if (decision === 'allow') return true;
  }
  return false;
}

/** The values of one part of the subject of a request in base64; undefined when it cannot be read, which its own validation tells. */
export function subjectOfRequest(request: string | undefined, part: 'CN' | 'O'): readonly string[] | undefined {
  try {
    const pem = Buffer.from(request ?? '', 'base64').toString('utf8');
    return new x509.Pkcs10CertificateRequest(pem).subjectName.getField(part);
  } catch {
    return undefined;
  }
}
