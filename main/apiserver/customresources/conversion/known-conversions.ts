import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { MissingConversion } from '../../patch/apply/missing-conversion.ts';

/** As many objects as one write compares, in all the versions that its managers use, several times over. */
const MAX_KNOWN = 128;

/**
 * Answers of a conversion webhook for field tracking, which is pure and cannot wait: it asks here, and where the answer is missing the
 * work begins anew once the webhook has given it. The work must be free of side effects.
 */
export class KnownConversions {
  readonly #convert: (object: KubernetesObject, apiVersion: string) => Promise<KubernetesObject>;
  readonly #known = new Map<string, KubernetesObject>();

  constructor(convert: (object: KubernetesObject, apiVersion: string) => Promise<KubernetesObject>) {
    this.#convert = convert;
  }

  get(object: KubernetesObject, apiVersion: string): KubernetesObject {
    if (object.apiVersion === apiVersion) return object;
    const known = this.#known.get(keyOf(object, apiVersion));
    if (!known) throw new MissingConversion(object, apiVersion);
    return known;
  }

  async learn({ object, apiVersion }: MissingConversion): Promise<void> {
    const converted = await this.#convert(object, apiVersion);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(keyOf(object, apiVersion), converted);
  }
}

/** Runs the work until all conversions that it needs are known. */
export async function withConversions<T>(conversions: KnownConversions | undefined, work: () => T): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!conversions || !(error instanceof MissingConversion)) throw error;
      await conversions.learn(error);
    }
  }
}

function keyOf(object: KubernetesObject, apiVersion: string): string {
  return `${apiVersion} ${JSON.stringify(object)}`;
}
