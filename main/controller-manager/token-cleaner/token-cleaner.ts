import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import { type Secret, secrets } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';

/** Deletes bootstrap tokens in kube-system when they expire. */
export class TokenCleaner implements Controller {
  readonly name = 'token-cleaner-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #secrets: Informer<Secret>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#secrets = context.informers.informer(secrets, { namespace: 'kube-system' });
    this.watches = [{ informer: this.#secrets, keysFor: (secret: Secret) => (secret.type === 'bootstrap.kubernetes.io/token' ? [keyOf(secret)] : []) }] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const secret = this.#secrets.lister.get(key);
    const encoded = secret?.data?.['expiration'];
    if (secret === undefined || encoded === undefined) return;
    const expires = parseTime(Buffer.from(encoded, 'base64').toString('utf8'));
    const leftMs = (expires ?? 0) - this.#context.clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    try {
      await this.#context.client.delete(secrets, targetOf(secret), { preconditions: { uid: secret.metadata.uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
