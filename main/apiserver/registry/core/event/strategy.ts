import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Subdomain } from '../../../../../kube/apimachinery/name-validation.ts';
import type { StrategyContext } from '../../generic/strategy.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { ROOT_PATH } from '../../validation/field-path.ts';
import { internalValue } from '../../validation/internal-shape.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { checkImmutable, checkQualifiedName } from '../../validation/values.ts';

type Event = core.Event;
const MAX_NAME_LENGTH = 128;
const MAX_NOTE_LENGTH = 1024;
/** Requests of events.k8s.io/v1 are checked more strictly than those of the core group. */
const EVENTS_GROUP = 'events.k8s.io';

export const eventStrategy = buildStrategy<Event>({
  namespaced: true,
  allowCreateOnUpdate: true,
  ignoresPropagation: true,
  check(event, errors, context) {
    checkLegacy(event, errors, context);
    if (isEventsVersion(context)) checkNewEvent(event, errors);
  },
  checkUpdate(next, previous, errors, context) {
    checkLegacy(next, errors, context);
    if (isEventsVersion(context)) checkNewEventUpdate(next, previous, errors);
  },
  recheckOnUpdate: false,
  selectableFields: (event) => ({
    'involvedObject.kind': event.involvedObject?.kind ?? '',
    'involvedObject.namespace': event.involvedObject?.namespace ?? '',
    'involvedObject.name': event.involvedObject?.name ?? '',
    'involvedObject.uid': event.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': event.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': event.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': event.involvedObject?.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  }),
});

function isEventsVersion({ group }: StrategyContext): boolean {
  return group === EVENTS_GROUP;
}

function checkLegacy(event: Event, errors: FieldErrors, context: StrategyContext): void {
  const namespace = event.metadata.namespace ?? '';
  const involved = event.involvedObject?.namespace ?? '';
  const mismatch = () => errors.invalid(ROOT_PATH.child('involvedObject').child('namespace'), involved, 'does not match event.namespace');
  if (event.eventTime === undefined) {
    if (involved === '' ? namespace !== '' && namespace !== 'default' : involved !== namespace) mismatch();
  } else {
    if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') mismatch();
    checkReporting(event, errors, isEventsVersion(context) ? 'reportingController' : 'reportingComponent');
  }
  errors.invalidEach(ROOT_PATH.child('namespace'), namespace, isDns1123Subdomain(namespace));
}

function checkReporting(event: Event, errors: FieldErrors, controllerField: string): void {
  const controller = event.reportingComponent ?? '';
  if (controller === '') errors.required(ROOT_PATH.child(controllerField));
  checkQualifiedName(controller, ROOT_PATH.child(controllerField), errors);
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const value = event[field] ?? '';
    if (value === '') errors.required(ROOT_PATH.child(field));
    if (value.length > MAX_NAME_LENGTH) errors.invalid(ROOT_PATH.child(field), '', `can have at most ${MAX_NAME_LENGTH} characters`);
  }
  if ((event.message ?? '').length > MAX_NOTE_LENGTH) errors.invalid(ROOT_PATH.child('message'), '', `can have at most ${MAX_NOTE_LENGTH} characters`);
}

function checkSeries({ series }: Event, errors: FieldErrors): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) errors.invalid(ROOT_PATH.child('series.count'), '', 'should be at least 2');
  if (series.lastObservedTime === undefined) errors.required(ROOT_PATH.child('series.lastObservedTime'));
}

function checkNewEvent(event: Event, errors: FieldErrors): void {
  checkSeries(event, errors);
  if (event.eventTime === undefined) errors.required(ROOT_PATH.child('eventTime'));
  const type = event.type ?? '';
  if (type !== 'Normal' && type !== 'Warning') errors.invalid(ROOT_PATH.child('type'), '', `has invalid value: ${type}`);
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const) {
    if (event[field]) errors.invalid(ROOT_PATH.child(field), '', 'needs to be unset');
  }
  if (event.source?.component || event.source?.host) errors.invalid(ROOT_PATH.child('source'), '', 'needs to be unset');
}

/** In upstream's order, which names the reason twice. */
const IMMUTABLE = [
  'involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'reason', 'type', 'eventTime', 'action', 'related',
  'reportingComponent', 'reportingInstance',
] as const;

/** Absent times and pointers are printed as null. */
const NULLS: ReadonlySet<string> = new Set(['firstTimestamp', 'lastTimestamp', 'eventTime', 'related']);

function checkNewEventUpdate(next: Event, previous: Event, errors: FieldErrors): void {
  if (!semanticEqual(next.series, previous.series)) checkSeries(next, errors);
  for (const field of IMMUTABLE) {
    const path = ROOT_PATH.child(field === 'reportingComponent' ? 'reportingController' : field);
    const zero = NULLS.has(field) ? null : field === 'count' ? 0 : '';
    const printed = field === 'related' || field === 'involvedObject' ? internalValue('ObjectReference', next[field]) : field === 'source' ? internalValue('EventSource', next.source ?? {}) : undefined;
    checkImmutable(next[field] ?? zero, previous[field] ?? zero, path, errors, printed);
  }
}
