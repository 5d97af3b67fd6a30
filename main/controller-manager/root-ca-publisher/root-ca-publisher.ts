import { isAlreadyExists } from '../../../kube/apimachinery/status.ts';
import { type ConfigMap, configmaps, type Namespace, namespaces } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { isNamespaceTerminating } from '../pod-control.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the ConfigMap kube-root-ca.crt in every active namespace. Key: the namespace. */
export class RootCAPublisher implements Controller {
  readonly name = 'root-ca-certificate-publisher-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;
  readonly #configMaps: Informer<ConfigMap>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.informer(namespaces);
    this.#configMaps = context.informers.informer(configmaps, { fieldSelector: `metadata.name=${NAME}` });
    this.watches = [
      { informer: this.#namespaces, keysFor: (namespace: Namespace) => [namespace.metadata.name] },
      { informer: this.#configMaps, keysFor: ({ metadata }: ConfigMap) => [metadata.namespace ?? ''] },
    ] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const namespace = this.#namespaces.lister.get(name);
    if (namespace === undefined || namespace.status?.phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined) return;
    const data = { 'ca.crt': this.#context.options.rootCA };
    const known = this.#configMaps.lister.get(`${name}/${NAME}`);
    if (known !== undefined) {
      const entries = Object.entries(known.data ?? {});
      if (entries.length === 1 && known.data?.['ca.crt'] === data['ca.crt']) return;
      await this.#context.client.update(configmaps, { ...known, data }, { signal });
      return;
    }
    const annotations = { 'kubernetes.io/description': DESCRIPTION };
    const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: name, annotations }, data };
    try {
      await this.#context.client.create(configmaps, configMap, { signal });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
