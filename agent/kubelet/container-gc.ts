import type { Container } from '../runtime/cri-types.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';
import { POD_UID_LABEL } from './runtime-labels.ts';
import { containerNameOf } from './runtime-pod.ts';

/** Upstream's MaxPerPodContainer: one dead attempt is kept, for lastState and `kubectl logs --previous`. */
const DEAD_TO_KEEP = 1;

/** Removes dead containers beyond the newest and dead sandboxes that a newer one replaced (upstream: kuberuntime_gc.go). */
export class ContainerGarbage {
  readonly #runtime: RuntimeService;
  readonly #isKnown: (uid: string) => boolean;

  constructor(options: { readonly runtime: RuntimeService; readonly isKnown: (uid: string) => boolean }) {
    this.#runtime = options.runtime;
    this.#isKnown = options.isKnown;
  }

  async collect(): Promise<void> {
    const [sandboxes, containers] = await Promise.all([this.#runtime.listPodSandbox(), this.#runtime.listContainers()]);
    const removed = new Set<string>();
    for (const { id } of deadContainers(containers)) {
      await this.#runtime.removeContainer(id);
      removed.add(id);
    }
    const inUse = new Set(containers.filter(({ id }) => !removed.has(id)).map(({ podSandboxId }) => podSandboxId));
    const newest = new Map<string, number>();
    for (const { metadata } of sandboxes) newest.set(metadata.uid, Math.max(newest.get(metadata.uid) ?? -1, metadata.attempt));
    for (const { id, state, metadata } of sandboxes) {
      const isOld = metadata.attempt < (newest.get(metadata.uid) ?? 0);
      if (state === 'SANDBOX_READY' || inUse.has(id) || !isOld || !this.#isKnown(metadata.uid)) continue;
      await this.#runtime.removePodSandbox(id);
    }
  }
}

/** What may go: of each container of each pod, all dead attempts but the newest, and the newest too beside a living one's predecessor. */
export function deadContainers(containers: readonly Container[]): readonly Container[] {
  const groups = Map.groupBy(containers, (container) => `${container.labels[POD_UID_LABEL] ?? ''}/${containerNameOf(container)}`);
  return [...groups.values()].flatMap((group) => group
    .filter(({ state }) => state === 'CONTAINER_EXITED' || state === 'CONTAINER_UNKNOWN')
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(group.some(({ state }) => state === 'CONTAINER_RUNNING') ? DEAD_TO_KEEP : DEAD_TO_KEEP + 1));
}
