import { fieldInvalid, type FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newInvalid } from '../../../../kube/apimachinery/status-errors.ts';
import type { User } from '../../authentication/user.ts';
import type { Attributes, Authorizer } from '../../authorization/authorizer.ts';
import type { PolicyRule } from '../../authorization/rbac.ts';
import { answerTyped } from '../answer.ts';
import type { SpecialEndpoint, SpecialRequest } from '../dispatch.ts';
import { readReview } from './review-request.ts';
import { selectorErrors, understoodSelectors, type SelectorAttributes } from './selector-attributes.ts';

const GROUP = 'authorization.k8s.io';

interface ReviewSpec {
  readonly resourceAttributes?: {
    readonly namespace?: string; readonly verb?: string; readonly group?: string; readonly version?: string;
    readonly resource?: string; readonly subresource?: string; readonly name?: string;
    readonly fieldSelector?: SelectorAttributes; readonly labelSelector?: SelectorAttributes;
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly uid?: string;
}
interface Review extends KubernetesObject {
  spec: ReviewSpec;
}

/** SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview. */
export function accessReviewEndpoint(authorizer: Authorizer, kind: 'SubjectAccessReview' | 'LocalSubjectAccessReview' | 'SelfSubjectAccessReview'): SpecialEndpoint {
  return async (request) => {
    const review = await readReview<Review>(request, { group: GROUP, version: 'v1', kind });
    const spec = review.spec ?? {};
    const isSelf = kind === 'SelfSubjectAccessReview';
    const errors = validate(review, kind);
    if (kind === 'LocalSubjectAccessReview') errors.push(...localErrors(request, spec));
    if (errors.length > 0) throw newInvalid({ group: GROUP, kind: '' }, '', errors);
    const { user } = request.context;
    const subject: User = isSelf ? user : { name: spec.user ?? '', groups: spec.groups ?? [], extra: spec.extra ?? {}, ...(spec.uid ? { uid: spec.uid } : {}) };
    const { evaluationError: selectorError, ...selectors } = understoodSelectors(spec.resourceAttributes ?? {});
    const { decision, reason, evaluationError: decisionError } = await authorizer.authorize({ ...attributesOf(subject, spec), ...selectors });
    const evaluationError = [selectorError, decisionError].filter(Boolean).join(', ');
    const status = { allowed: decision === 'allow', ...(decision === 'deny' ? { denied: true } : {}), ...(reason ? { reason } : {}), ...(evaluationError ? { evaluationError } : {}) };
    return answerTyped(request.media, { ...review, status }, 201);
  };
}

function attributesOf(user: User, { resourceAttributes: resource, nonResourceAttributes: path }: ReviewSpec): Attributes {
  return {
    user, isResourceRequest: resource !== undefined, verb: resource?.verb ?? path?.verb ?? '', path: path?.path ?? '', apiGroup: resource?.group ?? '',
    apiVersion: resource?.version || '*', namespace: resource?.namespace ?? '', resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '', name: resource?.name ?? '',
  };
}

function validate({ spec, metadata }: Review, kind: string): FieldError[] {
  const isSelf = kind === 'SelfSubjectAccessReview';
  const errors: FieldError[] = [];
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  if (resourceAttributes && nonResourceAttributes) errors.push(fieldInvalid('spec.nonResourceAttributes', goFields(nonResourceAttributes), 'cannot be specified in combination with resourceAttributes'));
  if (!resourceAttributes && !nonResourceAttributes) errors.push(fieldInvalid('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'));
  if (!isSelf && !spec?.user && !spec?.groups?.length) errors.push(fieldInvalid('spec.user', '', 'at least one of user or group must be specified'));
  errors.push(...selectorErrors(resourceAttributes ?? {}));
  const { managedFields: _ignored, ...rest } = metadata;
  if (kind === 'LocalSubjectAccessReview') delete rest.namespace;
  if (!deepEqual(rest, {})) errors.push(fieldInvalid('metadata', metadata, kind === 'LocalSubjectAccessReview' ? 'must be empty except for namespace' : 'must be empty'));
  return errors;
}

function localErrors({ context }: SpecialRequest, { resourceAttributes, nonResourceAttributes }: ReviewSpec): FieldError[] {
  const asked = resourceAttributes?.namespace ?? '';
  const isElsewhere = resourceAttributes !== undefined && asked !== context.info.namespace;
  return [
    ...(isElsewhere ? [fieldInvalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')] : []),
    ...(nonResourceAttributes ? [fieldInvalid('spec.nonResourceAttributes', goFields(nonResourceAttributes), 'disallowed on this kind of request')] : []),
  ];
}

/** As Go prints the internal struct. */
function goFields({ path = '', verb = '' }: NonNullable<ReviewSpec['nonResourceAttributes']>): object {
  return { Path: path, Verb: verb };
}

/** What the asking user may do in a namespace. */
export function rulesReviewEndpoint(authorizer: Authorizer): SpecialEndpoint {
  return async (request) => {
    const review = await readReview<KubernetesObject & { spec?: { namespace?: string } }>(request, { group: GROUP, version: 'v1', kind: 'SelfSubjectRulesReview' });
    const namespace = review.spec?.namespace ?? '';
    if (namespace === '') throw newBadRequest('no namespace on request');
    const { rules, incomplete, errors } = (await authorizer.rulesFor?.(request.context.user, namespace)) ?? { rules: [], incomplete: false, errors: [] };
    const resourceRules = rules.filter(({ resources }) => resources?.length).map((rule) => pick(rule, ['verbs', 'apiGroups', 'resources', 'resourceNames']));
    const nonResourceRules = rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length).map((rule) => pick(rule, ['verbs', 'nonResourceURLs']));
    const problems = [...new Set(errors)];
    const evaluationError = problems.length > 1 ? `[${problems.join(', ')}]` : problems[0];
    const status = { resourceRules, nonResourceRules, incomplete, ...(evaluationError ? { evaluationError } : {}) };
    return answerTyped(request.media, { kind: 'SelfSubjectRulesReview', apiVersion: `${GROUP}/v1`, metadata: {}, spec: {}, status }, 201);
  };
}

function pick(rule: PolicyRule, names: readonly (keyof PolicyRule)[]): PolicyRule {
  return Object.fromEntries(names.filter((name) => rule[name]?.length).map((name) => [name, rule[name]])) as unknown as PolicyRule;
}
