import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { RuntimeHandler, RuntimeVersion } from '../../runtime/cri-types.ts';
import type { RuntimeService } from '../../runtime/runtime-service.ts';

const PERIOD_MS = 5000;
const UNREADY_PERIOD_MS = 500;
/** Upstream: the runtime is down when it has not answered for 30 s. */
const DOWN_AFTER_MS = 30_000;

/** What the container runtime says of itself, asked now and then. */
export class RuntimeState {
  readonly #runtime: RuntimeService;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #runtimeProblem: string | undefined = 'container runtime status check may not have completed yet';
  #networkProblem: string | undefined = 'container runtime status check may not have completed yet';
  #version: RuntimeVersion | undefined;
  #handlers: readonly RuntimeHandler[] = [];
  #podCIDR: string | undefined;
  #lastSeenMs: number;

  constructor(options: { readonly runtime: RuntimeService; readonly clock: Clock; readonly onChange: () => void }) {
    this.#runtime = options.runtime;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    this.#lastSeenMs = options.clock.monotonicMs();
  }

  get version(): RuntimeVersion | undefined {
    return this.#version;
  }
  get handlers(): readonly RuntimeHandler[] {
    return this.#handlers;
  }

  /** The pods' range of this node; without one no pod can get an address. */
  setPodCIDR(podCIDR: string | undefined): void {
    if (this.#podCIDR === podCIDR) return;
    this.#podCIDR = podCIDR;
    this.#onChange();
  }

  networkProblem(): string | undefined {
    if (this.#podCIDR === undefined || this.#podCIDR === '') return 'Kubenet does not have netConfig. This is most likely due to lack of PodCIDR';
    return this.#networkProblem;
  }

  /** Why the node is not ready, as upstream words it. */
  problems(): readonly string[] {
    const found: string[] = [];
    if (this.#clock.monotonicMs() - this.#lastSeenMs > DOWN_AFTER_MS) found.push('container runtime is down');
    if (this.#runtimeProblem !== undefined) found.push(this.#runtimeProblem);
    const network = this.networkProblem();
    if (network !== undefined) found.push(`container runtime network not ready: ${network}`);
    return found;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = JSON.stringify([this.#runtimeProblem, this.#networkProblem]);
      await this.#ask();
      if (JSON.stringify([this.#runtimeProblem, this.#networkProblem]) !== before) this.#onChange();
      const healthy = this.#runtimeProblem === undefined && this.#networkProblem === undefined;
      await this.#clock.sleep(healthy ? PERIOD_MS : UNREADY_PERIOD_MS, signal).catch(() => undefined);
    }
  }

  async #ask(): Promise<void> {
    try {
      this.#version ??= await this.#runtime.version();
      const { conditions, handlers } = await this.#runtime.status();
      this.#handlers = handlers;
      this.#lastSeenMs = this.#clock.monotonicMs();
      const problem = (type: string): string | undefined => {
        const condition = conditions.find((candidate) => candidate.type === type);
        return condition?.status === true ? undefined : `${type}=false reason:${condition?.reason ?? ''} message:${condition?.message ?? ''}`;
      };
      const runtime = problem('RuntimeReady');
      this.#runtimeProblem = runtime === undefined ? undefined : `container runtime not ready: ${runtime}`;
      this.#networkProblem = problem('NetworkReady');
    } catch (error) {
      this.#runtimeProblem = `container runtime not ready: RuntimeReady=false reason:RuntimeStatusError message:${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
