import type { Random } from '../../../../kube/apimachinery/random.ts';
import { fieldInvalid } from '../../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newConflict, newInvalid, newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import { signJwt, type ServiceAccountKey } from '../../authentication/service-account-keys.ts';
import type { KubernetesClaims } from '../../authentication/service-account-token.ts';
import { timestamp } from '../../registry/generic/deletion.ts';
import { answerMade } from '../answer.ts';
import { trackedReview } from './review-request.ts';
import { readObject } from '../body.ts';
import type { SpecialEndpoint } from '../dispatch.ts';
import { admissionAttributes, checkBodyNamespace, nameTarget, writeQueryOf, type ResourceRequest } from '../resource-request.ts';

export interface TokenIssuerOptions {
  readonly reader: ObjectReader;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly keys: readonly ServiceAccountKey[];
  readonly random: Random;
}
interface TokenRequest extends KubernetesObject {
  spec: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: BoundObjectReference };
}
interface BoundObjectReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

const TOKEN_REQUEST_KIND = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
/** The seconds that pods ask for; such tokens live on for a year, so that old clients that never reload them keep working, with a mark after the hour. */
const POD_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

/** serviceaccounts/token (upstream: registry/core/serviceaccount/storage/token.go). */
export function tokenRequestEndpoint(options: TokenIssuerOptions): SpecialEndpoint {
  return async (special) => {
    const request = special as ResourceRequest;
    const { context, registry, clock } = request;
    const target = nameTarget(request);
    const query = writeQueryOf(request, 'CreateOptions');
    const sent = (await readObject(context, { expected: TOKEN_REQUEST_KIND, fieldValidation: query.fieldValidation })) as TokenRequest;
    sent.spec = { ...sent.spec, expirationSeconds: sent.spec?.expirationSeconds ?? DEFAULT_SECONDS };
    const { audiences: asked = null, expirationSeconds: askedSeconds, boundObjectRef = null } = sent.spec;
    context.audit?.requestObject({ ...sent, spec: { audiences: asked, expirationSeconds: askedSeconds, boundObjectRef }, status: { token: '', expirationTimestamp: null } });
    checkName(sent, target.name);
    checkBodyNamespace(sent, request);
    const body = await special.admission.mutate({ ...admissionAttributes(request, { operation: 'CREATE', object: sent, dryRun: query.dryRun }), object: sent });
    const expirationSeconds = body.spec?.expirationSeconds ?? DEFAULT_SECONDS;
    const account = (await registry.storage.get(target)).object;
    checkUid(body, account.metadata);
    const spec = { ...body.spec, expirationSeconds };
    if (!spec.audiences?.length) spec.audiences = [...options.audiences];
    validate(expirationSeconds);
    await special.admission.validate(admissionAttributes(request, { operation: 'CREATE', object: body, dryRun: query.dryRun }));
    const bound = await boundClaims(options.reader, target, spec.boundObjectRef);
    const nowSeconds = Math.floor(clock.now() / 1000);
    const extend = spec.expirationSeconds === POD_SECONDS && bound.pod !== undefined && spec.audiences.every((audience) => options.audiences.includes(audience));
    const expires = nowSeconds + (extend ? EXTENDED_SECONDS : spec.expirationSeconds);
    const own: KubernetesClaims = {
      namespace: target.namespace ?? '',
      // In Go's order of the members.
      ...(bound.node ? { node: bound.node } : {}), ...(bound.pod ? { pod: bound.pod } : {}), ...(bound.secret ? { secret: bound.secret } : {}),
      serviceaccount: { name: target.name, uid: account.metadata.uid ?? '' },
      ...(extend ? { warnafter: nowSeconds + POD_SECONDS } : {}),
    };
    const [key] = options.keys;
    if (!key) throw newBadRequest('no service account signing key');
    const jti = options.random.uuid();
    context.audit?.annotate('authentication.kubernetes.io/issued-credential-id', `JTI=${jti}`);
    const token = signJwt(key, {
      aud: spec.audiences, exp: expires, iat: nowSeconds, iss: options.issuer, jti,
      'kubernetes.io': own, nbf: nowSeconds, sub: `system:serviceaccount:${target.namespace}:${target.name}`,
    });
    const { managedFields } = trackedReview(special, query, { object: body, kind: TOKEN_REQUEST_KIND }).metadata;
    const { managedFields: _given, ...given } = body.metadata;
    const { name: _name, namespace: _namespace, ...others } = given;
    const metadata = { name: target.name, namespace: target.namespace, uid: account.metadata.uid, creationTimestamp: timestamp(clock.now()), ...others, ...(managedFields ? { managedFields } : {}) };
    const status = { token, expirationTimestamp: timestamp((nowSeconds + spec.expirationSeconds) * 1000) };
    const ordered = { audiences: spec.audiences, expirationSeconds: spec.expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null };
    return answerMade(special.media, { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec: ordered, status }, 201);
  };
}

function checkName({ metadata }: TokenRequest, wanted: string): void {
  if (!metadata.name || metadata.name === wanted) return;
  throw newInvalid(TOKEN_REQUEST_KIND, wanted, [fieldInvalid('metadata.name', metadata.name, 'must match the service account name if specified')]);
}

function checkUid({ metadata: { uid } }: TokenRequest, { name, uid: actual }: KubernetesObject['metadata']): void {
  if (!uid || uid === actual) return;
  throw newConflict({ group: TOKEN_REQUEST_KIND.group, resource: TOKEN_REQUEST_KIND.kind }, name, `the UID in the token request (${uid}) does not match the UID of the service account (${actual})`);
}

function validate(seconds: number): void {
  const problem = seconds < MIN_SECONDS ? 'may not specify a duration less than 10 minutes' : seconds > MAX_SECONDS ? 'may not specify a duration larger than 2^32 seconds' : undefined;
  if (problem) throw newInvalid(TOKEN_REQUEST_KIND, '', [fieldInvalid('spec.expirationSeconds', seconds, problem)]);
}

/** Go prints the core group's version with a slash before it. */
function goGroupVersion(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
}

async function boundClaims(reader: ObjectReader, { namespace = '', name: account }: { readonly namespace?: string; readonly name: string }, ref: BoundObjectReference | undefined): Promise<Pick<KubernetesClaims, 'pod' | 'secret' | 'node'>> {
  if (!ref) return {};
  const kinds: Readonly<Record<string, 'pods' | 'secrets' | 'nodes'>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };
  const { kind = '', apiVersion = '' } = ref;
  const resource = kinds[kind];
  // Any version of the core group will do.
  if (!resource || apiVersion.includes('/')) throw newBadRequest(`cannot bind token to object of type ${goGroupVersion(apiVersion)}, Kind=${kind}`);
  const name = ref.name ?? '';
  if (name === '') throw newBadRequest('Name parameter required.');
  const problems = isValidPathSegmentName(name);
  if (problems.length > 0) throw newBadRequest(`Name parameter invalid: ${goQuote(name)}: ${problems.join(';')}`);
  const stored = await reader.get<KubernetesObject & { spec?: { nodeName?: string; serviceAccountName?: string } }>({ group: '', resource }, resource === 'nodes' ? { name } : { namespace, name });
  if (!stored) throw newNotFound({ group: '', resource }, name);
  if (resource === 'pods' && stored.spec?.serviceAccountName !== account) {
    throw newBadRequest(`cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`);
  }
  if (ref.uid && ref.uid !== stored.metadata.uid) {
    const reason = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw newConflict({ group: '', resource: kind }, name, reason);
  }
  const claim = { name, uid: stored.metadata.uid ?? '' };
  if (resource === 'nodes') return { node: claim };
  if (resource === 'secrets') return { secret: claim };
  const nodeName = stored.spec?.nodeName;
  const node = nodeName ? await reader.get({ group: '', resource: 'nodes' }, { name: nodeName }) : undefined;
  return { pod: claim, ...(nodeName ? { node: { name: nodeName, ...(node?.metadata.uid ? { uid: node.metadata.uid } : {}) } } : {}) };
}
