import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatMicroTime } from '../../../kube/apimachinery/time.ts';
import { leases } from '../../../kube/api/generated/coordination/v1.ts';
import { type Node, nodes, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { Informer, InformerFactory } from '../../../kube/client/informer.ts';
import { RateLimitedWorkQueue } from '../../../kube/client/rate-limited-work-queue.ts';
import { admitPod } from './admit-pod.ts';
import { nodeAddress, simulatedNode, simulatedNodeStatus } from './node-object.ts';
import { planPod } from './plan-pod.ts';
import type { Refusal } from './pod-status.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
/** Well within the controller manager's grace of 50 s, and half of what a kubelet writes. */
const LEASE_PERIOD_MS = 20_000;
const LEASE_SECONDS = 40;
/** Leases are renewed a few at a time: thousands of nodes must not write all at once. */
const LEASE_WRITERS = 8;
const POD_WORKERS = 32;
const RETRY_WITHOUT_CIDR_MS = 100;
/** A cluster range of 256 slices is soon used up by simulated nodes; pods of the others get addresses that nobody routes. */
const CIDR_WAIT_MS = 2_000;

export interface SimulatedKubeletsOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly onError?: (error: unknown) => void;
}

interface Machine {
  readonly name: string;
  readonly index: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RegisteredMachine extends Machine {
  readonly sinceMs: number;
}

/** The kubelets of all simulated nodes in one: one watch on pods, one timer for leases. */
export class SimulatedKubelets implements AsyncDisposable {
  readonly #options: SimulatedKubeletsOptions;
  readonly #machines = new Map<string, RegisteredMachine>();
  readonly #nextPodIP = new Map<string, number>();
  /** Pods that were let in, by UID, before their status says so; as many as there are pods of ours. */
  readonly #admitted = new Set<string>();
  /** Since when pods of ours are to stop, by UID: the object's own time is of whole seconds. */
  readonly #stopping = new Map<string, number>();
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #queue: RateLimitedWorkQueue<string>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #subscription: Disposable;

  constructor(options: SimulatedKubeletsOptions) {
    this.#options = options;
    this.#queue = new RateLimitedWorkQueue<string>({ clock: options.clock });
    this.#pods = options.informers.informer(pods, { indexers: { node: (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } });
    this.#nodes = options.informers.informer(nodes);
    this.#subscription = this.#pods.onEvent(({ object, type }) => {
      if (!this.#machines.has(object.spec.nodeName ?? '')) return;
      if (type !== 'delete') return this.#queue.add(keyOf(object));
      this.#admitted.delete(object.metadata.uid ?? '');
      this.#stopping.delete(object.metadata.uid ?? '');
    });
  }

  has(name: string): boolean {
    return this.#machines.has(name);
  }

  /** Registers the node, or reports it ready again. */
  async add(machine: Machine, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const node = simulatedNode(machine, clock.now());
    try {
      await client.create(nodes, node, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#reportStatus(machine, signal);
    }
    await this.#renew(machine.name, signal);
    this.#machines.set(machine.name, { ...machine, sinceMs: clock.now() });
    if (this.#running.length === 0) this.#start();
    for (const pod of this.#pods.lister.byIndex('node', machine.name)) this.#queue.add(keyOf(pod));
  }

  /** The machine falls silent; its Node and pods stay. */
  remove(name: string): void {
    this.#machines.delete(name);
    this.#nextPodIP.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('The simulated nodes were stopped', 'AbortError'));
    this.#subscription[Symbol.dispose]();
    this.#queue[Symbol.dispose]();
    await Promise.allSettled(this.#running);
  }

  #start(): void {
    const { signal } = this.#stop;
    const quietly = (work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => {
        if (!signal.aborted) this.#options.onError?.(error);
      });
    for (let i = 0; i < POD_WORKERS; i++) this.#running.push(quietly(this.#podWorker(signal)));
    this.#running.push(quietly(this.#leaseLoop(signal)));
  }

  async #podWorker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = await this.#queue.get(signal);
      try {
        await this.#syncPod(key, signal);
        this.#queue.forget(key);
      } catch (error) {
        if (signal.aborted) return;
        if (!isNotFound(error)) {
          if (!isConflict(error)) this.#options.onError?.(error);
          this.#queue.addRateLimited(key);
        }
      } finally {
        this.#queue.done(key);
      }
    }
  }

  async #syncPod(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.get(key);
    const machine = pod === undefined ? undefined : this.#machines.get(pod.spec.nodeName ?? '');
    if (pod === undefined || machine === undefined) return;
    const { client, clock } = this.#options;
    const waited = clock.now() - machine.sinceMs > CIDR_WAIT_MS;
    const cidr = this.#nodes.lister.get(machine.name)?.spec?.podCIDR ?? (waited ? fallbackCidr(machine.index) : undefined);
    if (!cidr) return this.#queue.addAfter(key, RETRY_WITHOUT_CIDR_MS);
    const { name, namespace, uid = '' } = pod.metadata;
    const nowMs = clock.now();
    const stoppingSinceMs = this.#stopping.get(uid) ?? nowMs;
    if (pod.metadata.deletionTimestamp !== undefined) this.#stopping.set(uid, stoppingSinceMs);
    const step = planPod(pod, {
      hostIP: nodeAddress(machine.index),
      podIP: () => this.#podIP(machine.name, cidr),
      nowMs,
      stoppingSinceMs,
      admit: () => this.#admit(pod),
    });
    switch (step.action) {
      case 'status':
        await client.patch(pods, { namespace, name }, { type: 'merge', patch: { metadata: { uid }, status: step.status } }, { subresource: 'status', signal });
        if (step.thenAfterMs !== undefined) this.#queue.addAfter(key, step.thenAfterMs);
        return;
      case 'remove':
        await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
        return;
      case 'wait':
        this.#queue.addAfter(key, step.delayMs);
        return;
      case 'nothing':
        return;
    }
  }

  #admit(pod: Pod): Refusal | undefined {
    const { uid = '' } = pod.metadata;
    const node = this.#nodes.lister.get(pod.spec.nodeName ?? '');
    if (node === undefined || this.#admitted.has(uid)) return undefined;
    const others = this.#pods.lister.byIndex('node', node.metadata.name).filter(({ metadata, status }) => {
      if (status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.uid === uid) return false;
      return status?.startTime !== undefined || this.#admitted.has(metadata.uid ?? '');
    });
    const refusal = admitPod(pod, { node, others });
    if (refusal === undefined) this.#admitted.add(uid);
    return refusal;
  }

  /** Addresses .2 to .254 of the node's range, round and round. */
  #podIP(name: string, cidr: string): string {
    const next = this.#nextPodIP.get(name) ?? 2;
    this.#nextPodIP.set(name, next >= 254 ? 2 : next + 1);
    return cidr.replace(/\.\d+\/\d+$/, `.${next}`);
  }

  async #leaseLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(LEASE_PERIOD_MS, signal);
      const machines = this.#machines.values();
      const write = async (): Promise<void> => {
        for (const machine of machines) {
          try {
            await this.#renew(machine.name, signal);
            if (this.#isDoubted(machine.name)) await this.#reportStatus(machine, signal);
          } catch (error) {
            if (signal.aborted) throw error;
            this.#options.onError?.(error);
          }
        }
      };
      await Promise.all(Array.from({ length: LEASE_WRITERS }, write));
    }
  }

  /** The node was silent for too long, through no fault of its own: the store could not be written, or the computer slept. */
  #isDoubted(name: string): boolean {
    const ready = this.#nodes.lister.get(name)?.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready !== undefined && ready.status !== 'True';
  }

  async #reportStatus(machine: Machine, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const patch = { status: simulatedNodeStatus(machine, clock.now()) };
    await client.patch(nodes, { name: machine.name }, { type: 'merge', patch }, { subresource: 'status', signal });
  }

  async #renew(name: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const renewTime = formatMicroTime(clock.now());
    try {
      await client.patch(leases, { namespace: LEASE_NAMESPACE, name }, { type: 'merge', patch: { spec: { renewTime } } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
      await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: LEASE_NAMESPACE }, spec }, { signal });
    }
  }
}

/** A slice of the shared address space 100.64.0.0/10. */
function fallbackCidr(index: number): string {
  return `100.${64 + (Math.floor(index / 256) % 64)}.${index % 256}.0/24`;
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
