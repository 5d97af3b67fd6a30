import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { events, type Event } from '../../../../../kube/api/generated/events/v1.ts';
import type { KubernetesObject } from '../../../../../kube/apimachinery/object-meta.ts';
import type { AlternativeVersion } from '../../generic/resource-definition.ts';

/** events.k8s.io/v1 names the same fields anew. */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;
const NEW_NAMES = new Map<string, string>(RENAMED.map(([outside, inside]) => [outside, inside]));
const OLD_NAMES = new Map<string, string>(RENAMED.map(([outside, inside]) => [inside, outside]));

/** Upstream: AddFieldLabelConversionsForEvent. */
const FIELD_LABELS = new Map([
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [`regarding.${field}`, `involvedObject.${field}`] as const),
  ['reason', 'reason'],
  ['reportingController', 'reportingComponent'],
  ['type', 'type'],
]);

export const eventsV1: AlternativeVersion<core.Event> = {
  resource: events,
  fieldLabels: FIELD_LABELS,
  toStorage: (event) => ({ source: {}, involvedObject: {}, ...renamed(event, NEW_NAMES), apiVersion: 'v1' }) as unknown as core.Event,
  fromStorage(event) {
    const { reportingController, reportingInstance, ...rest } = renamed({ ...event, apiVersion: 'events.k8s.io/v1' }, OLD_NAMES);
    // Always there in v1, here only when they say something.
    return { ...rest, ...(reportingController ? { reportingController } : {}), ...(reportingInstance ? { reportingInstance } : {}) } as unknown as Event;
  },
};

function renamed(event: KubernetesObject, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(event).map(([field, value]) => [names.get(field) ?? field, value as unknown]));
}
