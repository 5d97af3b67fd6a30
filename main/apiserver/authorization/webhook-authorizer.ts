import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { webhookReview } from '../authentication/webhook-review.ts';
import type { WebhookConfiguration } from './authorization-configuration.ts';
import { noOpinion, type Authorizer, type Decision } from './authorizer.ts';
import { requestVariableOf, reviewSpecOf, type SubjectAccessReviewSpec } from './subject-access-review-spec.ts';

export interface WebhookAuthorizerOptions {
  readonly name: string;
  readonly webhook: WebhookConfiguration;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
}

const MAX_CACHED = 8192;
/** Questions with longer texts than this are asked anew each time, as upstream. */
const MAX_CACHED_LENGTH = 10_000;

/** Asks a server by SubjectAccessReview (upstream: plugin/pkg/authorizer/webhook). */
export function webhookAuthorizer({ name, webhook, clock, reportError }: WebhookAuthorizerOptions): Authorizer {
  const cache = new Map<string, { readonly decision: Decision; readonly expiresAtMs: number }>();
  const { endpoint, timeoutMs, version } = webhook;
  const failure = webhook.failurePolicy === 'Deny' ? 'deny' : 'noOpinion';

  async function asked(spec: SubjectAccessReviewSpec): Promise<Decision> {
    const key = JSON.stringify(spec);
    const hit = cache.get(key);
    const now = clock.monotonicMs();
    if (hit && hit.expiresAtMs > now) return hit.decision;
    cache.delete(key);
    const body = { apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', metadata: {}, spec, status: { allowed: false } };
    const decision = decisionOf(await webhookReview({ endpoint, timeoutMs, clock, body }));
    const ttlMs = decision.decision === 'allow' ? webhook.authorizedTtlMs : webhook.unauthorizedTtlMs;
    if (ttlMs === undefined || key.length > MAX_CACHED_LENGTH) return decision;
    if (cache.size >= MAX_CACHED) for (const oldest of cache.keys()) { cache.delete(oldest); break; }
    cache.set(key, { decision, expiresAtMs: clock.monotonicMs() + ttlMs });
    return decision;
  }

  return {
    rulesFor: async () => ({ rules: [], incomplete: true, errors: ['webhook authorizer does not support user rule resolution'] }),
    async authorize(attributes) {
      try {
        return webhook.matchConditions.matches(() => requestVariableOf(attributes)) ? await asked(reviewSpecOf(attributes)) : noOpinion();
      } catch (error) {
        reportError(error, `webhook authorizer ${name}`);
        return { decision: failure, reason: '', evaluationError: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

function decisionOf({ allowed, denied, reason, evaluationError }: Record<string, unknown>): Decision {
  const why = typeof reason === 'string' ? reason : '';
  if (allowed === true && denied === true) throw new Error('webhook subject access review returned both allow and deny response');
  if (denied === true) return { decision: 'deny', reason: why };
  if (allowed === true) return { decision: 'allow', reason: why };
  if (why === '' && typeof evaluationError === 'string' && evaluationError !== '') throw new Error(evaluationError);
  return noOpinion(why);
}
