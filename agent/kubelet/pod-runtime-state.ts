import type { WaitingReason } from './status/container-statuses.ts';
import { BackOff } from './back-off.ts';

/** Upstream: MaxContainerBackOff and its initial value. */
const RESTART_BACK_OFF = { initialMs: 10_000, maxMs: 300_000 };

/** What is remembered of one pod between its syncs, besides what the runtime holds. */
export interface PodRuntimeState {
  readonly reasons: Map<string, WaitingReason>;
  readonly restarts: BackOff;
  /** Monotonic time before which a container that failed to start is not tried again, whatever wakes the worker. */
  readonly notBeforeMs: Map<string, number>;
  /** When the last BackOff event was written, by container. */
  readonly backOffEvents: Map<string, number>;
  /** The resources that were last set for a running container, by container id. */
  readonly appliedResources: Map<string, string>;
  sandboxFailures: number;
  /** When the volumes failed last, so that the event is not repeated at every wake-up. */
  mountFailure: string | undefined;
  mountFailures: number;
}

export function newPodRuntimeState(): PodRuntimeState {
  return { reasons: new Map(), restarts: new BackOff(RESTART_BACK_OFF), notBeforeMs: new Map(), backOffEvents: new Map(), appliedResources: new Map(), sandboxFailures: 0, mountFailure: undefined, mountFailures: 0 };
}
