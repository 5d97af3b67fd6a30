import type { WebhookConversion } from '../../../../kube/api/generated/apiextensions/v1.ts';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../../kube/apimachinery/deadline.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../../kube/apimachinery/random.ts';
import { parseApiVersion } from '../../../../kube/apimachinery/gvr.ts';
import { failureStatus, StatusError } from '../../../../kube/apimachinery/status.ts';
import { postReview, type WebhookConnectionOptions } from '../../admission/webhooks/webhook-connection.ts';
import { checkedConversion, conversionReview, convertedObjects } from './conversion-review.ts';

export interface WebhookConverterOptions extends WebhookConnectionOptions {
  readonly clock: Clock;
  readonly random: Random;
}

const TIMEOUT_SECONDS = 30;
/** Of one review: a list of many large objects must not become one message without end. */
const MAX_OBJECTS = 200;

/** Converts objects of one CustomResourceDefinition by asking its webhook. Throws a StatusError with upstream's words. */
export class WebhookConverter {
  readonly #options: WebhookConverterOptions;
  readonly #webhook: WebhookConversion;

  constructor(options: WebhookConverterOptions, webhook: WebhookConversion) {
    this.#options = options;
    this.#webhook = webhook;
  }

  /** In the order given; those that are in the version already are not sent. */
  async convert(objects: readonly KubernetesObject[], desired: string, signal?: AbortSignal): Promise<readonly KubernetesObject[]> {
    const pending = objects.filter(({ apiVersion }) => apiVersion !== desired);
    const converted: KubernetesObject[] = [];
    for (let start = 0; start < pending.length; start += MAX_OBJECTS) converted.push(...(await this.#ask(pending.slice(start, start + MAX_OBJECTS), desired, signal)));
    const next = converted[Symbol.iterator]();
    return objects.map((object) => (object.apiVersion === desired ? object : (next.next().value as KubernetesObject)));
  }

  async #ask(objects: readonly KubernetesObject[], desired: string, signal: AbortSignal | undefined): Promise<readonly KubernetesObject[]> {
    const { clientConfig, conversionReviewVersions } = this.#webhook;
    const review = conversionReview(objects, { uid: this.#options.random.uuid(), desired, versions: conversionReviewVersions });
    using deadline = deadlineIn(TIMEOUT_SECONDS * 1000, { clock: this.#options.clock, outer: signal });
    const what = `conversion webhook for ${kindOf(objects[0])}`;
    let answered: readonly unknown[];
    try {
      answered = convertedObjects(await postReview(this.#options, { config: clientConfig ?? {}, review: review.body, timeoutSeconds: TIMEOUT_SECONDS }, deadline.signal), review);
    } catch (error) {
      signal?.throwIfAborted();
      throw failed(`${what} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (answered.length !== objects.length) throw failed(`${what} returned ${answered.length} objects, expected ${objects.length}`);
    try {
      return objects.map((original, index) => checkedConversion({ original, converted: answered[index], desired }, objects.length === 1 ? undefined : index));
    } catch (error) {
      throw failed(`${what} returned ${(error as Error).message}`);
    }
  }
}

function kindOf(object: KubernetesObject | undefined): string {
  const { group, version } = parseApiVersion(object?.apiVersion ?? '');
  return `${group}/${version}, Kind=${object?.kind ?? ''}`;
}

function failed(message: string): StatusError {
  return new StatusError(failureStatus({ code: 500, reason: '', message }));
}
