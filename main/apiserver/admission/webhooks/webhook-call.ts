import type { MutatingWebhook, ValidatingWebhook } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../../kube/apimachinery/random.ts';
import { newBadRequest, newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { admissionEnvironment, compileConditions, evaluateConditions, requestBindings, type NamedExpression } from '../policies/admission-expressions.ts';
import { CONDITION_TYPES } from '../policies/expression-checks.ts';
import { forbidden } from '../refusal.ts';
import { readAnswer, rejection, reviewOf, type ReviewAnswer } from './admission-review.ts';
import { matchesCriteria, type MatchCriteria } from './matching.ts';
import { postReview, type WebhookConnectionOptions } from './webhook-connection.ts';

export interface WebhookOptions extends WebhookConnectionOptions {
  readonly authorizer: Authorizer;
  readonly random: Random;
  readonly clock: Clock;
}

export interface CompiledWebhook<W extends ValidatingWebhook | MutatingWebhook> {
  /** Unique over all configurations. */
  readonly key: string;
  readonly webhook: W;
  readonly criteria: MatchCriteria;
  readonly conditions: readonly NamedExpression[];
}

const DEFAULT_TIMEOUT_SECONDS = 10;
const NO_SIDE_EFFECTS = new Set(['None', 'NoneOnDryRun']);

export function compileWebhook<W extends ValidatingWebhook | MutatingWebhook>(configuration: string, webhook: W): CompiledWebhook<W> {
  const { name, rules = [], namespaceSelector, objectSelector, matchPolicy, matchConditions = [] } = webhook;
  return {
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

/** Asks; undefined when the webhook failed and its failures are ignored. Throws StatusErrors: refusals and failures that count. */
export async function callWebhook(
  options: WebhookOptions,
  { webhook, attributes, isMutating }: { readonly webhook: ValidatingWebhook | MutatingWebhook; readonly attributes: AdmissionAttributes; readonly isMutating: boolean },
  signal: AbortSignal | undefined,
): Promise<ReviewAnswer | undefined> {
  const { name, clientConfig, failurePolicy, sideEffects, admissionReviewVersions, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = webhook;
  if (attributes.dryRun && !NO_SIDE_EFFECTS.has(sideEffects)) throw newBadRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  const review = reviewOf(attributes, { uid: options.random.uuid(), versions: admissionReviewVersions });
  const deadline = new AbortController();
  using _timer = options.clock.setTimer(timeoutSeconds * 1000, () => deadline.abort(new Error('context deadline exceeded')));
  let answer: ReviewAnswer;
  try {
    const both = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
    answer = readAnswer(await posted(options, { config: clientConfig, review: review.body, timeoutSeconds }, both), { review, isMutating });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (failurePolicy === 'Ignore') return undefined;
    throw newInternalError(new Error(`failed calling webhook ${JSON.stringify(name)}: ${(error as Error).message}`, { cause: error }));
  }
  for (const warning of answer.warnings) attributes.warn(warning);
  if (!answer.allowed) throw rejection(name, answer.status);
  return answer;
}

async function posted(...call: Parameters<typeof postReview>): Promise<unknown> {
  try {
    return await postReview(...call);
  } catch (error) {
    throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error });
  }
}
