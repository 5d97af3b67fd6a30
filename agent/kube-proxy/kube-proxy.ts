import type { Clock } from '../../kube/apimachinery/clock.ts';
import { services as serviceResource } from '../../kube/api/generated/core/v1.ts';
import type { Pod, Service } from '../../kube/api/generated/core/v1.ts';
import { endpointslices } from '../../kube/api/generated/discovery/v1.ts';
import type { EndpointSlice } from '../../kube/api/generated/discovery/v1.ts';
import type { Informer, InformerFactory } from '../../kube/client/informer.ts';
import { runCommand } from '../network/run-command.ts';
import { baseRules } from './base-rules.ts';
import { compileRules } from './compile-rules.ts';
import type { RuleSet } from './compile-rules.ts';
import { diffRules, emptyRules } from './diff-rules.ts';
import { hostPorts, servicePorts } from './service-ports.ts';
import type { ServicePort } from './service-port.ts';
import { usableEndpoints } from './service-port.ts';

export interface KubeProxyOptions {
  readonly nodeName: string;
  readonly clusterCIDR: string;
  readonly informers: InformerFactory;
  /** Pods of this node, for their host ports. */
  readonly pods: Informer<Pod>;
  /** Services that the node itself answers (cluster DNS): never translated, never rejected. */
  readonly localAddresses: readonly string[];
  readonly clock: Clock;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly run?: typeof runCommand;
}

/** Changes come in bursts (a rollout touches one EndpointSlice many times); one transaction takes them all. */
const gatherMs = 50;
const retryMs = 2_000;

/**
 * Makes Services work on this node: watches, compiles the wanted rules, applies the difference with the nft program. A failed transaction changes
 * nothing; then the whole table is written anew.
 */
export class KubeProxy implements AsyncDisposable {
  readonly #options: KubeProxyOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #run: typeof runCommand;
  #applied: RuleSet | undefined;
  #appliedServices: readonly ServicePort[] = [];
  #timer: Disposable | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: KubeProxyOptions) {
    this.#options = options;
    this.#run = options.run ?? runCommand;
    this.#services = options.informers.informer(serviceResource);
    this.#slices = options.informers.informer(endpointslices);
    for (const informer of [this.#services, this.#slices, options.pods]) informer.onEvent(() => this.#changed());
  }

  /** Resolves when the first rules stand: before that no Service works on this node. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services.waitForSync(signal), this.#slices.waitForSync(signal), this.#options.pods.waitForSync(signal)]);
    await this.#syncInTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    await this.#working;
  }

  #changed(delayMs = gatherMs): void {
    if (this.#stopped || this.#timer !== undefined || this.#applied === undefined) return;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#syncInTurn().catch((error: unknown) => this.#options.log('cannot apply service rules', { error: String(error) }));
    });
  }

  #syncInTurn(): Promise<void> {
    const next = this.#working.then(() => this.#sync());
    this.#working = next.catch(() => {}); // Reported by whoever waits for `next`; a retry is already planned.
    return next;
  }

  async #sync(): Promise<void> {
    const { nodeName, clusterCIDR, localAddresses, pods } = this.#options;
    const services = servicePorts({ services: this.#services.lister.list(), slices: this.#slices.lister.list(), nodeName }).filter((service) => !localAddresses.includes(service.clusterIP));
    const wanted = compileRules({ services, hostPorts: hostPorts(pods.lister.list().filter((pod) => pod.spec.nodeName === nodeName)), clusterCIDR });
    const script = this.#applied === undefined ? baseRules + diffRules(emptyRules, wanted) : diffRules(this.#applied, wanted);
    const before = this.#appliedServices;
    try {
      if (script !== '') await this.#run(['nft', '-f', '-'], { input: script });
      this.#applied = wanted;
      this.#appliedServices = services;
    } catch (error) {
      this.#applied = undefined;
      this.#timer ??= this.#options.clock.setTimer(retryMs, () => {
        this.#timer = undefined;
        this.#syncInTurn().catch((cause: unknown) => this.#options.log('cannot apply service rules', { error: String(cause) }));
      });
      throw error;
    }
    await this.#forgetStaleFlows(before, services);
  }

  /** The kernel keeps sending known UDP flows where it sent them first: flows to endpoints that are gone must be forgotten. */
  async #forgetStaleFlows(before: readonly ServicePort[], after: readonly ServicePort[]): Promise<void> {
    const current = new Map(after.map((service) => [service.name, service]));
    for (const service of before.filter((entry) => entry.protocol === 'udp')) {
      const kept = new Set(usableEndpoints(current.get(service.name)?.endpoints ?? [], { local: false }).map((endpoint) => endpoint.ip));
      const gained = usableEndpoints(service.endpoints, { local: false }).length === 0 && kept.size > 0;
      const lost = usableEndpoints(service.endpoints, { local: false }).filter((endpoint) => !kept.has(endpoint.ip));
      for (const { ip } of lost) await this.#forget(['conntrack', '-D', '-p', 'udp', '--orig-dst', service.clusterIP, '--dst-nat', ip]);
      if (gained) await this.#forget(['conntrack', '-D', '-p', 'udp', '--orig-dst', service.clusterIP]);
    }
  }

  async #forget(command: readonly string[]): Promise<void> {
    await this.#run(command).catch((error: unknown) => {
      if (!String(error).includes('0 flow entries')) this.#options.log('cannot forget old UDP flows', { error: String(error) });
    });
  }
}
