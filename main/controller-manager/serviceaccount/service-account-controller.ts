import { isAlreadyExists } from '../../../kube/apimachinery/status.ts';
import { type Namespace, namespaces, type ServiceAccount, serviceaccounts } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { isNamespaceTerminating } from '../pod-control.ts';

/** Keeps the ServiceAccount `default` in every active namespace. Key: the namespace. */
export class ServiceAccountController implements Controller {
  readonly name = 'serviceaccount-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;
  readonly #serviceAccounts: Informer<ServiceAccount>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.informer(namespaces);
    this.#serviceAccounts = context.informers.informer(serviceaccounts);
    this.watches = [
      { informer: this.#namespaces, keysFor: (namespace: Namespace) => [namespace.metadata.name] },
      { informer: this.#serviceAccounts, keysFor: ({ metadata }: ServiceAccount) => (metadata.name === 'default' ? [metadata.namespace ?? ''] : []) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const namespace = this.#namespaces.lister.get(name);
    if (namespace === undefined || namespace.status?.phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined) return;
    if (this.#serviceAccounts.lister.get(`${name}/default`) !== undefined) return;
    const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } };
    try {
      await this.#context.client.create(serviceaccounts, account, { signal });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
