import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { httpsJson } from './https-json.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';

export interface WebhookReview {
  readonly endpoint: WebhookEndpoint;
  readonly clock: Clock;
  /** Of each try. */
  readonly timeoutMs: number;
  /** A TokenReview or SubjectAccessReview. */
  readonly body: unknown;
}

/** As upstream's default backoff: waits before further tries. */
const RETRY_WAITS_MS = [500, 750, 1125, 1687];
/** A server that says these may answer differently soon (upstream: webhook.DefaultShouldRetry). */
const RETRIED_STATUSES = new Set([429, 500]);

/** The `status` that a webhook gives a review. Rejects with why there is none: at once, but for an interrupted connection or a server in trouble. */
export async function webhookReview({ endpoint, clock, timeoutMs, body }: WebhookReview): Promise<Readonly<Record<string, unknown>>> {
  for (let attempt = 0; ; attempt++) {
    let mayPass = false;
    try {
      using deadline = deadlineIn(timeoutMs, { clock });
      const { status, value } = await httpsJson({ ...endpoint, method: 'POST', body }, deadline.signal);
      if (status >= 200 && status < 300 && isJsonObject(value) && isJsonObject(value['status'])) return value['status'];
      mayPass = RETRIED_STATUSES.has(status);
      throw new Error(`webhook answered with status ${status}`);
    } catch (error) {
      mayPass ||= (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      const waitMs = RETRY_WAITS_MS[attempt];
      if (waitMs === undefined || !mayPass) throw error;
      await clock.sleep(waitMs);
    }
  }
}
