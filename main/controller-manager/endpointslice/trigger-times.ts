import type { Pod, Service } from '../../../kube/api/generated/core/v1.ts';

/** When the change happened that the newest write of endpoints tells of; from it kube-proxy's programming latency is measured. */
const ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly service: string;
  /** By name of the pod. */
  readonly pods: ReadonlyMap<string, string>;
}

/**
 * Which change of a Service's pods, or of itself, its endpoints are written for (upstream: endpointslice/util/trigger_time_tracker.go). Times
 * are RFC 3339 in whole seconds of UTC, so they sort as strings.
 *
 *     first look          → the Service's creation
 *     pods a b got ready  → the earlier of the two times that are new
 *     a pod went          → none
 */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** To be called once before each comparison of wanted with existing endpoints. Undefined: nothing to tell. */
  next(key: string, { service, pods }: { readonly service: Service; readonly pods: readonly Pod[] }): string | undefined {
    const before = this.#seen.get(key);
    const created = service.metadata.creationTimestamp ?? '';
    const now: Seen = { service: created, pods: new Map(pods.map((pod) => [pod.metadata.name, triggerTimeOf(pod)])) };
    this.#seen.set(key, now);
    if (before === undefined) return created || undefined;
    const changed = [...now.pods].filter(([name, time]) => time > (before.pods.get(name) ?? '')).map(([, time]) => time);
    if (created > before.service) changed.push(created);
    return changed.toSorted()[0];
  }

  /** The Service has gone. */
  forget(key: string): void {
    this.#seen.delete(key);
  }
}

/** The pod became ready or ceased to be. */
function triggerTimeOf({ status }: Pod): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
}

/** With the time; without one, an earlier one is taken off. */
export function withTriggerTime<T extends { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }>(object: T, time: string | undefined): T {
  const { [ANNOTATION]: _earlier, ...others } = object.metadata.annotations ?? {};
  const annotations = time === undefined ? others : { ...others, [ANNOTATION]: time };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
