import type { Clock } from '../../kube/apimachinery/clock.ts';
import { GRPC_UNIMPLEMENTED, RuntimeError } from '../runtime/runtime-service.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';
import { POD_UID_LABEL } from './runtime-labels.ts';

/** Without events from the runtime; upstream's generic relist period. */
const RELIST_MS = 1000;
/** With events a relist only finds what an event missed. */
const RELIST_WITH_EVENTS_MS = 10_000;
const RECONNECT_MS = 2000;
/** Upstream: relistThreshold of the generic PLEG; beyond it the node is not ready. */
const UNHEALTHY_AFTER_MS = 180_000;

export interface PlegOptions {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  /** A pod's sandboxes or containers changed. */
  readonly onChange: (uid: string) => void;
  /** After every relist: all pods that the runtime knows. */
  readonly onRelist?: (uids: ReadonlySet<string>) => void;
}

/** Pod lifecycle event generator: notices what happens in the runtime, by its events where it sends them, and by listing. */
export class Pleg {
  readonly #options: PlegOptions;
  #known = new Map<string, string>();
  #streaming = false;
  #lastRelistMs: number;

  constructor(options: PlegOptions) {
    this.#options = options;
    this.#lastRelistMs = options.clock.monotonicMs();
  }

  /** Undefined when healthy. */
  unhealthy(): string | undefined {
    const silentMs = this.#options.clock.monotonicMs() - this.#lastRelistMs;
    return silentMs < UNHEALTHY_AFTER_MS ? undefined : `PLEG is not healthy: pleg was last seen active ${Math.round(silentMs / 1000)}s ago; threshold is 3m0s`;
  }

  /** Resolves when the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#relistLoop(signal), this.#eventLoop(signal)]);
  }

  async #relistLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#relist();
      } catch (error) {
        console.error('PLEG relist failed', { error: String(error) });
      }
      await this.#options.clock.sleep(this.#streaming ? RELIST_WITH_EVENTS_MS : RELIST_MS, signal).catch(() => undefined);
    }
  }

  async #relist(): Promise<void> {
    const { runtime, onChange, onRelist, clock } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.listPodSandbox(), runtime.listContainers()]);
    const parts = new Map<string, string[]>();
    for (const { id, state, labels } of [...sandboxes, ...containers]) {
      const uid = labels[POD_UID_LABEL];
      if (uid === undefined) continue;
      const list = parts.get(uid);
      if (list === undefined) parts.set(uid, [`${id}=${state}`]);
      else list.push(`${id}=${state}`);
    }
    const fresh = new Map([...parts].map(([uid, list]) => [uid, list.sort().join(' ')]));
    const before = this.#known;
    this.#known = fresh;
    this.#lastRelistMs = clock.monotonicMs();
    for (const [uid, signature] of fresh) if (before.get(uid) !== signature) onChange(uid);
    for (const uid of before.keys()) if (!fresh.has(uid)) onChange(uid);
    onRelist?.(new Set(fresh.keys()));
  }

  async #eventLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#streaming = true;
        for await (const event of this.#options.runtime.containerEvents(signal)) {
          const uid = event.podSandboxStatus?.metadata.uid ?? event.podSandboxStatus?.labels[POD_UID_LABEL];
          if (uid) this.#options.onChange(uid);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RuntimeError && error.code === GRPC_UNIMPLEMENTED) {
          this.#streaming = false;
          return;
        }
      }
      this.#streaming = false;
      await this.#options.clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
    }
  }
}
