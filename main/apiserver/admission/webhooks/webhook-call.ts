import type { MutatingWebhook, ValidatingWebhook } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../../kube/apimachinery/deadline.ts';
import type { Random } from '../../../../kube/apimachinery/random.ts';
import { newBadRequest, newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import { StatusError } from '../../../../kube/apimachinery/status.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { LegacyNameError } from '../../proxy/server-identity.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { admissionEnvironment, compileConditions, evaluateConditions, requestBindings, type NamedExpression } from '../policies/admission-expressions.ts';
import { CONDITION_TYPES } from '../policies/expression-checks.ts';
import { forbidden } from '../refusal.ts';
import { readAnswer, rejection, reviewOf, type ReviewAnswer } from './admission-review.ts';
import { matchesCriteria, type MatchCriteria } from './matching.ts';
import { AnswerError, hostOf, postReview, type WebhookConnectionOptions } from './webhook-connection.ts';
import type { WebhookCall, WebhookMetrics } from './webhook-metrics.ts';

export interface WebhookOptions extends WebhookConnectionOptions {
  readonly authorizer: Authorizer;
  readonly random: Random;
  readonly clock: Clock;
  readonly metrics?: WebhookMetrics;
}

export interface CompiledWebhook<W extends ValidatingWebhook | MutatingWebhook> {
  readonly configuration: string;
  /** Unique over all configurations. */
  readonly key: string;
  readonly webhook: W;
  readonly criteria: MatchCriteria;
  readonly conditions: readonly NamedExpression[];
}

/** Audit annotations of mutating webhooks begin so (upstream: plugin/webhook/mutating/dispatcher.go). */
export const MUTATION = 'mutation.webhook.admission.k8s.io/';
const DEFAULT_TIMEOUT_SECONDS = 10;
const NO_SIDE_EFFECTS = new Set(['None', 'NoneOnDryRun']);

export function compileWebhook<W extends ValidatingWebhook | MutatingWebhook>(configuration: string, webhook: W): CompiledWebhook<W> {
  const { name, rules = [], namespaceSelector, objectSelector, matchPolicy, matchConditions = [] } = webhook;
  return {
    configuration,
    key: `webhook/${configuration}/${name}`,
    webhook,
    criteria: { rules, namespaceSelector, objectSelector, matchPolicy },
    conditions: matchConditions.length === 0 ? [] : compileConditions(admissionEnvironment({ library: celLibrary() }), matchConditions, CONDITION_TYPES),
  };
}

/** Whether the webhook is to be asked; throws when that cannot be told and failures count. */
export async function isConcerned<W extends ValidatingWebhook | MutatingWebhook>(
  options: WebhookOptions, { webhook, criteria, conditions }: CompiledWebhook<W>, attributes: AdmissionAttributes,
): Promise<boolean> {
  if (!(await matchesCriteria(options.reader, criteria, attributes))) return false;
  if (conditions.length === 0) return true;
  const bindings = requestBindings(attributes, { authorizer: options.authorizer, namespaceObject: undefined });
  const { matches, error } = await evaluateConditions(conditions, bindings);
  if (error === undefined || !matches) return matches;
  if (webhook.failurePolicy === 'Ignore') return false;
  throw forbidden(attributes, error);
}

interface Call {
  readonly webhook: ValidatingWebhook | MutatingWebhook;
  readonly attributes: AdmissionAttributes;
  readonly isMutating: boolean;
  /** Its place among those of this request, for audit annotations: `round_0_index_2`. */
  readonly place: string;
}

/** Asks; undefined when the webhook failed and its failures are ignored. Throws StatusErrors: refusals and failures that count. */
export async function callWebhook(options: WebhookOptions, call: Call, signal: AbortSignal | undefined): Promise<ReviewAnswer | undefined> {
  const { webhook: { name, failurePolicy }, attributes, isMutating, place } = call;
  const { clock, metrics } = options;
  const type = isMutating ? 'admit' : 'validating';
  const startMs = clock.monotonicMs();
  const counted = (code: number, rejection?: WebhookCall['rejection']): void => {
    const elapsedMs = clock.monotonicMs() - startMs;
    attributes.took?.(isMutating ? 'mutating-webhook' : 'validating-webhook', elapsedMs);
    metrics?.called({ name, type, operation: attributes.operation, elapsedMs, code, ...(rejection ? { rejection } : {}) });
  };
  let answer: ReviewAnswer;
  try {
    answer = await asked(options, call, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof StatusError) {
      counted(error.code, 'no_error');
      throw error;
    }
    noteCertificate(options, call, error);
    const code = callFailureCode(error);
    if (failurePolicy === 'Ignore') {
      counted(code);
      metrics?.failedOpen({ name, type });
      attributes.annotate?.(`failed-open.${isMutating ? MUTATION : 'validating.webhook.admission.k8s.io/'}${place}`, name);
      return undefined;
    }
    counted(code, 'calling_webhook_error');
    throw newInternalError(new Error(`failed calling webhook ${JSON.stringify(name)}: ${(error as Error).message}`, { cause: error }));
  }
  for (const [key, value] of Object.entries(answer.auditAnnotations)) attributes.annotate?.(`${name}/${key}`, value);
  for (const warning of answer.warnings) attributes.warn(warning);
  if (answer.allowed) {
    counted(200);
    return answer;
  }
  const refused = rejection(name, answer.status);
  counted(refused.code, 'no_error');
  throw refused;
}

/** Throws a StatusError for what must not be asked, plain errors for all that goes wrong on the way. */
async function asked(options: WebhookOptions, { webhook, attributes, isMutating }: Call, signal: AbortSignal | undefined): Promise<ReviewAnswer> {
  const { name, clientConfig, sideEffects, admissionReviewVersions, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = webhook;
  if (attributes.dryRun && !NO_SIDE_EFFECTS.has(sideEffects)) throw newBadRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  const review = reviewOf(attributes, { uid: options.random.uuid(), versions: admissionReviewVersions });
  using deadline = deadlineIn(timeoutSeconds * 1000, { clock: options.clock, outer: signal });
  return readAnswer(await posted(options, { config: clientConfig, review: review.body, timeoutSeconds }, deadline.signal), { review, isMutating });
}

/** A certificate of a kind that is refused is told to the audit log by the host that shows it (upstream: apiserver/pkg/util/x509metrics). */
function noteCertificate({ metrics }: WebhookOptions, { webhook: { clientConfig }, attributes }: Call, error: unknown): void {
  let cause: unknown = error;
  while (cause instanceof Error && !(cause instanceof LegacyNameError)) cause = cause.cause;
  if (!(cause instanceof LegacyNameError)) return;
  metrics?.missedNames();
  attributes.annotate?.(`missing-san.invalid-cert.kubernetes.io/${hostOf(clientConfig)}`, 'relies on a legacy Common Name field instead of the SAN extension for subject validation');
}

/** As upstream counts it: the HTTP status of the answer, 503 for whatever came of none. */
function callFailureCode(error: unknown): number {
  const { cause } = error as Error;
  return (cause instanceof AnswerError ? cause.code : undefined) ?? 503;
}

async function posted(...call: Parameters<typeof postReview>): Promise<unknown> {
  try {
    return await postReview(...call);
  } catch (error) {
    throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error });
  }
}
