import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import { leases } from '../../../kube/api/generated/coordination/v1.ts';
import type { Lease } from '../../../kube/api/generated/coordination/v1.ts';
import { nodes } from '../../../kube/api/generated/core/v1.ts';
import type { Node, NodeStatus } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { Image } from '../../runtime/cri-types.ts';
import type { EventSink } from '../events.ts';
import type { MachineFacts } from './machine-facts.ts';
import { newNode, nodeLabels, nodeStatus, sameStatus } from './node-status.ts';
import type { NodePressure } from './node-status.ts';
import type { RuntimeState } from './runtime-state.ts';

export interface NodeRegistrarOptions {
  readonly config: NodeAgentConfiguration;
  readonly machine: MachineFacts;
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly runtimeState: RuntimeState;
  readonly pressure: () => NodePressure;
  readonly listImages: () => Promise<readonly Image[]>;
  /** Problems beside the runtime's: an unhealthy PLEG. */
  readonly otherProblems: () => readonly string[];
  /** The node's podCIDR, as soon as the node IPAM controller has given it one. */
  readonly onPodCIDR: (podCIDR: string) => void;
}

const STATUS_PERIOD_MS = 10_000;
/** Before it has been Ready once, a node looks more often: somebody is waiting. */
const STARTING_PERIOD_MS = 500;
const REPORT_PERIOD_MS = 300_000;
const LEASE_PERIOD_MS = 10_000;
const LEASE_DURATION_SECONDS = 40;
const RETRY_MS = 1000;

/** Registers the Node, keeps its status and its lease fresh (upstream: kubelet_node_status.go, component-helpers lease). */
export class NodeRegistrar {
  readonly #options: NodeRegistrarOptions;
  #sent: NodeStatus | undefined;
  #sentAtMs = 0;
  #wake: (() => void) | undefined;
  #node: Node | undefined;

  constructor(options: NodeRegistrarOptions) {
    this.#options = options;
  }

  /** The Node as last seen. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Something about readiness changed: write it now. */
  notify(): void {
    this.#wake?.();
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#register(signal);
    this.#options.events.node({ type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' });
    await Promise.all([this.#statusLoop(signal), this.#leaseLoop(signal)]);
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { client, config, machine, clock } = this.#options;
    while (!signal.aborted) {
      try {
        const wanted = { ...newNode({ config, machine }), status: await this.#status(undefined) };
        this.#node = await client.create(nodes, wanted, { signal }).catch((error: unknown) => {
          if (isAlreadyExists(error)) return this.#reconcile(signal);
          throw error;
        });
        return;
      } catch (error) {
        if (signal.aborted) return;
        console.error('Cannot register the node, trying again', { node: config.nodeName, error: String(error) });
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** A Node of this name is there from before: labels may have changed. Taints are left as they are. */
  async #reconcile(signal: AbortSignal): Promise<Node> {
    const { client, config, machine } = this.#options;
    const existing = await client.get(nodes, { name: config.nodeName }, { signal });
    const labels = nodeLabels(config, machine);
    const differs = Object.entries(labels).some(([key, value]) => existing.metadata.labels?.[key] !== value);
    return differs ? client.patch(nodes, { name: config.nodeName }, { type: 'strategic', patch: { metadata: { labels } } }, { signal }) : existing;
  }

  async #statusLoop(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#report(signal).catch((error: unknown) => {
        if (!signal.aborted) console.error('Cannot update the node status', { error: String(error) });
      });
      const ready = this.#sent?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
      await this.#sleep(ready ? STATUS_PERIOD_MS : STARTING_PERIOD_MS, clock, signal);
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { client, config, clock, events } = this.#options;
    const node = await client.get(nodes, { name: config.nodeName }, { signal });
    this.#node = node;
    if (node.spec.podCIDR) this.#options.onPodCIDR(node.spec.podCIDR);
    const status = await this.#status(node.status);
    if (sameStatus(this.#sent, status) && clock.monotonicMs() - this.#sentAtMs < REPORT_PERIOD_MS) return;
    this.#noticeReboot(node.status?.nodeInfo?.bootID);
    const wasReady = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    await client.patch(nodes, { name: config.nodeName }, { type: 'strategic', patch: { status } }, { subresource: 'status', signal });
    this.#sent = status;
    this.#sentAtMs = clock.monotonicMs();
    const isReady = status.conditions?.find(({ type }) => type === 'Ready')?.status;
    if (isReady !== wasReady) events.node({ type: 'Normal', reason: isReady === 'True' ? 'NodeReady' : 'NodeNotReady', message: `Node ${config.nodeName} status is now: ${isReady === 'True' ? 'NodeReady' : 'NodeNotReady'}` });
  }

  /** Told once, when the Node was last reported by an earlier boot of this machine. */
  #noticeReboot(reportedBootID: string | undefined): void {
    const { config, machine, events } = this.#options;
    if (this.#sent !== undefined || !reportedBootID || machine.bootID === '' || reportedBootID === machine.bootID) return;
    events.node({ type: 'Warning', reason: 'Rebooted', message: `Node ${config.nodeName} has been rebooted, boot id: ${machine.bootID}` });
  }

  async #status(previous: NodeStatus | undefined): Promise<NodeStatus> {
    const { config, machine, runtimeState, pressure, listImages, otherProblems, clock } = this.#options;
    const images = await listImages().catch(() => []);
    return nodeStatus({
      config, machine, images, previous, runtimeVersion: runtimeState.version, handlers: runtimeState.handlers,
      problems: [...runtimeState.problems(), ...otherProblems()], pressure: pressure(), nowMs: clock.now(),
    });
  }

  async #leaseLoop(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const waitMs = await this.#renew(signal).then(() => LEASE_PERIOD_MS, (error: unknown) => {
        if (!signal.aborted) console.error('Cannot renew the node lease', { error: String(error) });
        return RETRY_MS;
      });
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, config, clock } = this.#options;
    const target = { namespace: 'kube-node-lease', name: config.nodeName };
    const renewTime = `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`;
    try {
      await client.patch(leases, target, { type: 'merge', patch: { spec: { holderIdentity: config.nodeName, leaseDurationSeconds: LEASE_DURATION_SECONDS, renewTime } } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const owner = this.#node?.metadata.uid;
      await client.create(leases, {
        apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
        metadata: { ...target, ...(owner !== undefined && { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: config.nodeName, uid: owner }] }) },
        spec: { holderIdentity: config.nodeName, leaseDurationSeconds: LEASE_DURATION_SECONDS, renewTime },
      } as Lease, { signal });
    }
  }

  async #sleep(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await clock.sleep(delayMs, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
    this.#wake = undefined;
  }
}
