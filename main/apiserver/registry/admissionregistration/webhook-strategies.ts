import type * as admission from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { webhookConditionCheck } from '../../admission/policies/expression-checks.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector, type LabelSelectorLike } from '../validation/label-selector.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkMatchConditions, checkRuleWithOperations, defaultRules, FAILURE_POLICIES, MATCH_POLICIES, REINVOCATION_POLICIES } from './rules.ts';
import { checkWebhookService, checkWebhookUrl, DEFAULT_WEBHOOK_PORT } from './webhook-client.ts';

type Webhook = admission.ValidatingWebhook & { reinvocationPolicy?: string };
interface Configuration {
  readonly webhooks?: readonly Webhook[];
}
const WEBHOOKS = new FieldPath('webhooks');
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const ALL_SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const MAX_TIMEOUT_SECONDS = 30;
const DEFAULT_TIMEOUT_SECONDS = 10;
const QUALIFIED_SEGMENTS = 3;

/** What an object stored by an older server is still allowed. */
interface Leniency {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly names: boolean;
  readonly conditions: boolean;
  readonly selectorValues: boolean;
}
const STRICT: Leniency = { sideEffects: false, reviewVersions: false, names: false, conditions: false, selectorValues: false };

export const validatingWebhookConfigurationStrategy = buildStrategy<admission.ValidatingWebhookConfiguration>({
  namespaced: false,
  generation: 'exactly',
  allowUnconditionalUpdate: false,
  recheckOnUpdate: false,
  defaults: ({ webhooks }) => defaultWebhooks(webhooks, false),
  check: (configuration, errors) => checkWebhooks(configuration, errors, STRICT),
  checkUpdate: (next, previous, errors) => checkWebhooks(next, errors, leniencyFor(next, previous)),
});

export const mutatingWebhookConfigurationStrategy = buildStrategy<admission.MutatingWebhookConfiguration>({
  namespaced: false,
  generation: 'exactly',
  allowUnconditionalUpdate: false,
  recheckOnUpdate: false,
  defaults: ({ webhooks }) => defaultWebhooks(webhooks, true),
  check: (configuration, errors) => checkWebhooks(configuration, errors, STRICT),
  checkUpdate: (next, previous, errors) => checkWebhooks(next, errors, leniencyFor(next, previous)),
});

function defaultWebhooks(webhooks: readonly Webhook[] | undefined, mutating: boolean): void {
  for (const webhook of webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= DEFAULT_TIMEOUT_SECONDS;
    if (mutating) webhook.reinvocationPolicy ??= 'Never';
    if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= DEFAULT_WEBHOOK_PORT;
    defaultRules(webhook.rules);
  }
}

function leniencyFor(next: Configuration, previous: Configuration): Leniency {
  const before = previous.webhooks ?? [];
  const now = next.webhooks ?? [];
  return {
    sideEffects: before.some(({ sideEffects }) => !SIDE_EFFECTS.includes(sideEffects)),
    reviewVersions: before.some(({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !versions.some(isReviewVersion)),
    names: new Set(before.map(({ name }) => name)).size < before.length,
    conditions: now.length === before.length && now.every(({ matchConditions }, index) => semanticEqual(matchConditions, before[index]?.matchConditions)),
    selectorValues: before.some(({ namespaceSelector, objectSelector }) => isInvalidSelector(namespaceSelector) || isInvalidSelector(objectSelector)),
  };
}

function isReviewVersion(version: string): boolean {
  return REVIEW_VERSIONS.includes(version);
}

function isInvalidSelector(selector: LabelSelectorLike | undefined): boolean {
  const errors = new FieldErrors();
  checkLabelSelector(selector, WEBHOOKS, errors);
  return errors.count > 0;
}

function checkWebhooks({ webhooks }: Configuration, errors: FieldErrors, leniency: Leniency): void {
  const names = new Set<string>();
  for (const [index, webhook] of (webhooks ?? []).entries()) {
    const path = WEBHOOKS.index(index);
    checkWebhook(webhook, path, errors, leniency);
    checkReviewVersions(webhook.admissionReviewVersions ?? [], path.child('admissionReviewVersions'), errors, leniency);
    const { name = '' } = webhook;
    if (leniency.names || name === '') continue;
    if (names.has(name)) errors.duplicate(path.child('name'), name);
    names.add(name);
  }
}

function checkWebhook(webhook: Webhook, path: FieldPath, errors: FieldErrors, leniency: Leniency): void {
  const { failurePolicy = '', matchPolicy = '', sideEffects, timeoutSeconds = 0, reinvocationPolicy } = webhook;
  checkFullyQualifiedName(webhook.name ?? '', path.child('name'), errors);
  for (const [index, rule] of (webhook.rules ?? []).entries()) checkRuleWithOperations(rule, path.child('rules').index(index), errors);
  if (!FAILURE_POLICIES.includes(failurePolicy)) errors.notSupported(path.child('failurePolicy'), failurePolicy, FAILURE_POLICIES);
  if (!MATCH_POLICIES.includes(matchPolicy)) errors.notSupported(path.child('matchPolicy'), matchPolicy, MATCH_POLICIES);
  const allowed = leniency.sideEffects ? ALL_SIDE_EFFECTS : SIDE_EFFECTS;
  if (sideEffects === undefined) errors.required(path.child('sideEffects'), `must specify one of ${allowed.join(', ')}`);
  else if (!allowed.includes(sideEffects)) errors.notSupported(path.child('sideEffects'), sideEffects, allowed);
  if (timeoutSeconds < 1 || timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    errors.invalid(path.child('timeoutSeconds'), timeoutSeconds, `the timeout value must be between 1 and ${MAX_TIMEOUT_SECONDS} seconds`);
  }
  checkLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector'), errors, leniency.selectorValues);
  checkLabelSelector(webhook.objectSelector, path.child('objectSelector'), errors, leniency.selectorValues);
  if (reinvocationPolicy !== undefined && !REINVOCATION_POLICIES.includes(reinvocationPolicy)) {
    errors.notSupported(path.child('reinvocationPolicy'), reinvocationPolicy, REINVOCATION_POLICIES);
  }
  checkClient(webhook.clientConfig ?? {}, path.child('clientConfig'), errors);
  if (!leniency.conditions) checkMatchConditions(webhook.matchConditions, { path: path.child('matchConditions'), errors, check: webhookConditionCheck() });
}

function checkClient({ url, service }: admission.WebhookClientConfig, path: FieldPath, errors: FieldErrors): void {
  if ((url === undefined) === (service === undefined)) errors.required(path, 'exactly one of url or service is required');
  else if (url !== undefined) checkWebhookUrl(url, path.child('url'), errors);
  else if (service !== undefined) {
    // Upstream hands over name and namespace the wrong way round: a missing name is told as a missing namespace.
    checkWebhookService({ ...service, name: service.namespace, namespace: service.name }, path.child('service'), errors);
  }
}

function checkFullyQualifiedName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.required(path);
    return;
  }
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) errors.invalid(path, name, problems.join(','));
  else if (name.split('.').length < QUALIFIED_SEGMENTS) errors.invalid(path, name, 'should be a domain with at least three segments separated by dots');
}

function checkReviewVersions(versions: readonly string[], path: FieldPath, errors: FieldErrors, leniency: Leniency): void {
  if (versions.length === 0) {
    errors.required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`);
    return;
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) errors.invalid(path.index(index), version, 'duplicate version');
    else errors.invalidEach(path.index(index), version, isDns1035Label(version));
    seen.add(version);
  }
  if (!leniency.reviewVersions && !versions.some(isReviewVersion)) {
    errors.invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`);
  }
}
