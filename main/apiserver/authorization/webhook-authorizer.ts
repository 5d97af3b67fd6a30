import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { httpsJson } from '../authentication/https-json.ts';
import type { JsonExpression } from '../authentication/jwt/claim-expressions.ts';
import type { WebhookConfiguration } from './authorization-configuration.ts';
import { noOpinion, type Attributes, type Authorizer, type Decision } from './authorizer.ts';

export interface WebhookAuthorizerOptions {
  readonly name: string;
  readonly webhook: WebhookConfiguration;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
}

const MAX_CACHED = 8192;
/** Questions with longer texts than this are asked anew each time, as upstream. */
const MAX_CACHED_LENGTH = 10_000;
/** As upstream's default backoff: waits before further tries of a webhook that does not answer. */
const RETRY_WAITS_MS = [500, 750, 1125, 1687];

/** Asks a server by SubjectAccessReview (upstream: plugin/pkg/authorizer/webhook). */
export function webhookAuthorizer({ name, webhook, clock, reportError }: WebhookAuthorizerOptions): Authorizer {
  const cache = new Map<string, { readonly decision: Decision; readonly expiresAtMs: number }>();
  const failure = webhook.failurePolicy === 'Deny' ? 'deny' : 'noOpinion';

  async function asked(spec: object): Promise<Decision> {
    const key = JSON.stringify(spec);
    const hit = cache.get(key);
    const now = clock.monotonicMs();
    if (hit && hit.expiresAtMs > now) return hit.decision;
    cache.delete(key);
    const decision = decisionOf(await review(spec, { webhook, clock }));
    const ttlMs = decision.decision === 'allow' ? webhook.authorizedTtlMs : webhook.unauthorizedTtlMs;
    if (ttlMs === undefined || key.length > MAX_CACHED_LENGTH) return decision;
    if (cache.size >= MAX_CACHED) for (const oldest of cache.keys()) { cache.delete(oldest); break; }
    cache.set(key, { decision, expiresAtMs: clock.monotonicMs() + ttlMs });
    return decision;
  }

  return {
    async authorize(attributes) {
      const spec = specOf(attributes);
      try {
        return (await matches(webhook.matchConditions, spec)) ? await asked(spec) : noOpinion();
      } catch (error) {
        reportError(error, `webhook authorizer ${name}`);
        return { decision: failure, reason: '', evaluationError: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

/** False as soon as one condition is; an error of another one counts only when none is. */
async function matches(conditions: readonly JsonExpression[], spec: object): Promise<boolean> {
  const outcomes = await Promise.allSettled(conditions.map((condition) => condition.evaluate(spec)));
  if (outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value !== true)) return false;
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return true;
}

function specOf({ user, isResourceRequest, verb, path, apiGroup, apiVersion, namespace, resource, subresource, name, fieldSelector }: Attributes): object {
  const requirements = fieldSelector === undefined ? [] : requirementsOf(fieldSelector);
  const given = (fields: Readonly<Record<string, unknown>>): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined));
  return given({
    ...(isResourceRequest
      ? { resourceAttributes: given({ namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name, fieldSelector: requirements.length === 0 ? undefined : { requirements } }) }
      : { nonResourceAttributes: given({ path, verb }) }),
    user: user.name, groups: user.groups.length === 0 ? undefined : user.groups, extra: user.extra && Object.keys(user.extra).length > 0 ? user.extra : undefined, uid: user.uid,
  });
}

/** None where it cannot be read: the endpoint will say so. */
function requirementsOf(fieldSelector: string): readonly object[] {
  try {
    return parseFieldSelector(fieldSelector).map(({ field, operator, value }) => ({ key: field, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] }));
  } catch {
    return [];
  }
}

async function review(spec: object, { webhook: { endpoint, timeoutMs, version }, clock }: Pick<WebhookAuthorizerOptions, 'webhook' | 'clock'>): Promise<Record<string, unknown>> {
  const body = { apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', metadata: {}, spec, status: { allowed: false } };
  for (let attempt = 0; ; attempt++) {
    const deadline = new AbortController();
    using _timer = clock.setTimer(timeoutMs, () => deadline.abort(new Error('context deadline exceeded')));
    try {
      const { status, value } = await httpsJson({ ...endpoint, method: 'POST', body }, deadline.signal);
      if (status >= 200 && status < 300 && isJsonObject(value) && isJsonObject(value['status'])) return value['status'];
      throw new Error(`webhook answered with status ${status}`);
    } catch (error) {
      const waitMs = RETRY_WAITS_MS[attempt];
      if (waitMs === undefined || deadline.signal.aborted) throw error;
      await clock.sleep(waitMs);
    }
  }
}

function decisionOf({ allowed, denied, reason, evaluationError }: Record<string, unknown>): Decision {
  const why = typeof reason === 'string' ? reason : '';
  if (allowed === true && denied === true) throw new Error('webhook subject access review returned both allow and deny response');
  if (denied === true) return { decision: 'deny', reason: why };
  if (allowed === true) return { decision: 'allow', reason: why };
  if (why === '' && typeof evaluationError === 'string' && evaluationError !== '') throw new Error(evaluationError);
  return noOpinion(why);
}
