import { type Node, nodes } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { CidrSet } from './cidr-set.ts';

/** All slices are taken: one comes back only when a node goes. */
const EXHAUSTED_RETRY_MS = 30_000;

/** Gives each Node its slice of the cluster's pod addresses (spec.podCIDR). */
export class NodeIpamController implements Controller {
  readonly name = 'node-ipam-controller';
  /** One: two workers could hand out one slice twice. */
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #cidrs: CidrSet;
  readonly #byNode = new Map<string, string>();
  readonly #subscription: Disposable;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#cidrs = new CidrSet(context.options.clusterCIDR, context.options.nodeCIDRMaskSize);
    this.#nodes = context.informers.informer(nodes);
    this.watches = [{ informer: this.#nodes, keysFor: (node: Node) => [node.metadata.name] }] as readonly ControllerWatch[];
    this.#subscription = this.#nodes.onEvent(({ type, object }) => {
      if (type !== 'delete') this.#remember(object);
    });
  }

  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const node = this.#nodes.lister.get(name);
    if (node === undefined) return this.#forget(name);
    if (node.spec?.podCIDR || node.metadata.deletionTimestamp !== undefined) return;
    const cidr = this.#byNode.get(name) ?? this.#cidrs.allocate();
    if (cidr === undefined) {
      this.#context.recorder.event({ object: node, type: 'Normal', reason: 'CIDRNotAvailable', message: `Node ${name} status is now: CIDRNotAvailable` });
      return { requeueAfterMs: EXHAUSTED_RETRY_MS };
    }
    this.#byNode.set(name, cidr);
    const patch = { metadata: { uid: node.metadata.uid }, spec: { podCIDR: cidr, podCIDRs: [cidr] } };
    await this.#context.client.patch(nodes, { name }, { type: 'merge', patch }, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
  }

  #remember(node: Node): void {
    const cidr = node.spec?.podCIDR;
    if (!cidr) return;
    this.#byNode.set(node.metadata.name, cidr);
    this.#cidrs.occupy(cidr);
  }

  #forget(name: string): void {
    const cidr = this.#byNode.get(name);
    if (cidr === undefined) return;
    this.#byNode.delete(name);
    this.#cidrs.release(cidr);
  }
}
