import { type Node, nodes } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { ClusterSizeTtl } from './cluster-size-ttl.ts';

const ANNOTATION = 'node.alpha.kubernetes.io/ttl';

/** Tells each kubelet by an annotation of its Node how long to keep Secrets and ConfigMaps. After a change of size, with the Node's next update. */
export class TtlController implements Controller {
  readonly name = 'ttl-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #ttl = new ClusterSizeTtl();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(nodes);
    this.watches = [{ informer: this.#nodes, keysFor: (node: Node) => [node.metadata.name] }] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.lister.get(name);
    if (node === undefined) return;
    const wanted = String(this.#ttl.secondsFor(this.#nodes.lister.list().length));
    if (node.metadata.annotations?.[ANNOTATION] === wanted) return;
    const patch = { metadata: { annotations: { [ANNOTATION]: wanted } } };
    await this.#context.client.patch(nodes, { name }, { type: 'strategic', patch }, { signal });
  }
}
