import { type Secret, secrets, type ServiceAccount, serviceaccounts } from '../../../kube/api/generated/core/v1.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { ACCOUNT_NAME, planTokenSecret } from './plan-token-secret.ts';

const TYPE = 'kubernetes.io/service-account-token';

/** Fills Secrets that ask for a token of a service account, and deletes those whose account is gone. Key: the Secret. */
export class TokenController implements Controller {
  readonly name = 'serviceaccount-token-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#secrets = context.informers.informer(secrets, { fieldSelector: `type=${TYPE}` });
    this.#accounts = context.informers.informer(serviceaccounts);
    this.watches = [
      { informer: this.#secrets, keysFor: (secret: Secret) => [keyOf(secret)] },
      { informer: this.#accounts, keysFor: (account: ServiceAccount) => this.#secretsOf(account) },
    ] as readonly ControllerWatch[];
  }

  #secretsOf({ metadata: { namespace, name } }: ServiceAccount): readonly string[] {
    return this.#secrets.lister.list().filter(({ metadata }) => metadata.namespace === namespace && metadata.annotations?.[ACCOUNT_NAME] === name).map(keyOf);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client, options } = this.#context;
    const secret = this.#secrets.lister.get(key);
    const sign = options.signToken;
    if (!secret || secret.metadata.deletionTimestamp || !sign) return;
    const account = await this.#accountOf(secret, signal);
    const plan = planTokenSecret({ secret, account, rootCA: options.rootCA, sign });
    try {
      if (plan.action === 'delete') await client.delete(secrets, targetOf(secret), { preconditions: { uid: secret.metadata.uid }, signal });
      else if (plan.action === 'fill') await client.update(secrets, plan.secret, { signal });
    } catch (error) {
      // Its change or removal brings it back here.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Asked for anew when it is not known: a Secret must not go because its account was made a moment ago. */
  async #accountOf({ metadata: { namespace = '', annotations } }: Secret, signal: AbortSignal): Promise<ServiceAccount | undefined> {
    const name = annotations?.[ACCOUNT_NAME] ?? '';
    const known = this.#accounts.lister.get(`${namespace}/${name}`);
    if (known) return known;
    try {
      return await this.#context.client.get(serviceaccounts, { namespace, name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
