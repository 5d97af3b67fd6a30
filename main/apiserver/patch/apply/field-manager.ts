import { GoDecodeError } from '../../../../kube/api/go-json-error.ts';
import { type ObjectSchema, schemaOfMessage } from '../../../../kube/api/schema.ts';
import { toTyped } from '../../../../kube/api/typed-object.ts';
import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { ManagedFieldsEntry } from '../../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../../kube/apimachinery/status.ts';
import { newBadRequest } from '../../../../kube/apimachinery/status-errors.ts';
import { formatTime } from '../../../../kube/apimachinery/time.ts';
import { ApplyConflicts } from './apply-conflict.ts';
import { apiVersionOfScope, emptyObjectOf, typeOfScope, type Fields, type FieldScope } from './field-scope.ts';
import { difference, fieldSetOf, isEmptySet, union } from './field-set.ts';
import { allowedConflicts, KUBECTL_MANAGER, withLastApplied } from './last-applied.ts';
import { decodeManagedFields, encodeManagedFields, isResetManagedFields, managerIdentifier, secondsOf, type Managed } from './managed-fields.ts';
import { applyOwnership, updateOwnership } from './managed-update.ts';
import { MissingConversion } from './missing-conversion.ts';
import { fieldElement } from './path-element.ts';
import { formatTypedErrors, validateTyped } from './validate-typed.ts';

/**
 * metadata.managedFields and server-side apply (upstream: apimachinery/pkg/util/managedfields, 1.36).
 *
 * Objects are JSON in the version of the request; none of the arguments is changed.
 */

const MAX_UPDATE_MANAGERS = 10;
const OLD_UPDATES_MANAGER = 'ancient-changes';
const BEFORE_APPLY_MANAGER = 'before-first-apply';
/** Collects what one update changes before it is added to its manager's entry. */
const CURRENT_OPERATION = '{"manager":"current-operation"}';

/** Identity and bookkeeping, which nobody owns. */
const UNOWNED = fieldSetOf(
  ...['apiVersion', 'kind', 'metadata'].map((name) => [fieldElement(name)]),
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map((name) => [
    fieldElement('metadata'),
    fieldElement(name),
  ]),
);

export interface TrackUpdate {
  /** The stored object; undefined on a create. */
  readonly live: Fields | undefined;
  /** What the client sent, decoded and defaulted, before admission (upstream tracks then, so that admission owns nothing). */
  readonly next: Fields;
  /** The fieldManager option, else {@link managerFromUserAgent}. */
  readonly manager: string;
  readonly nowMs: number;
}

/** `next` with the managedFields of a create, update or patch. None at all when the object does not fit its type, as with list items without their key: that must not fail the write. */
export function trackUpdate(scope: FieldScope, { live, next, manager, nowMs }: TrackUpdate): Fields {
  const bare = withManagedFields(next, undefined);
  try {
    const managed = managedOfUpdate(scope, live, next);
    if (managed.size === 0 && live !== undefined && uidOf(live) !== '') return bare;
    update(scope, { live: live ?? emptyObjectOf(scope), next: bare, managed, manager, nowMs });
    return withManagedFields(next, encodeManagedFields(managed));
  } catch (error) {
    if (error instanceof MissingConversion) throw error;
    if (error instanceof Error) return bare;
    throw error;
  }
}

/** What the client sends counts, so that it can rewrite ownership; through subresources only the live entries do. */
function managedOfUpdate({ subresource }: FieldScope, live: Fields | undefined, next: Fields): Managed {
  const fromLive = (): Managed => tryDecode(live === undefined ? undefined : managedFieldsOf(live)) ?? new Map();
  if (subresource !== undefined && subresource !== '') return fromLive();
  const given = managedFieldsOf(next);
  if (isResetManagedFields(given)) return new Map();
  const stored = live && managedFieldsOf(live);
  // Most clients send back what they got; the stored entries are decoded already.
  const managed = tryDecode(stored !== undefined && deepEqual(given, stored) ? stored : given);
  return managed === undefined || managed.size === 0 ? fromLive() : managed;
}

function tryDecode(entries: readonly ManagedFieldsEntry[] | undefined): Managed | undefined {
  try {
    return decodeManagedFields(entries);
  } catch {
    // Entries that make no sense are dropped, as upstream does on updates.
    return undefined;
  }
}

interface Update {
  readonly live: Fields;
  readonly next: Fields;
  readonly managed: Managed;
  readonly manager: string;
  readonly nowMs: number;
}

function update(scope: FieldScope, { live, next, managed, manager, nowMs }: Update): void {
  const identifier = managerIdentifier({ manager: manager === '' ? 'unknown' : manager, operation: 'Update', apiVersion: apiVersionOfScope(scope), subresource: scope.subresource });
  updateOwnership(scope, { live: withManagedFields(live, undefined), next, managed, manager: CURRENT_OPERATION });
  disown(managed, CURRENT_OPERATION);
  const changes = managed.get(CURRENT_OPERATION);
  managed.delete(CURRENT_OPERATION);
  if (changes !== undefined) {
    const before = managed.get(identifier);
    managed.set(identifier, { ...changes, set: before === undefined ? changes.set : union(changes.set, before.set), time: formatTime(nowMs) });
  }
  capUpdateManagers(managed);
}

function disown(managed: Managed, manager: string): void {
  const entry = managed.get(manager);
  if (entry === undefined) return;
  const set = difference(entry.set, UNOWNED);
  if (isEmptySet(set)) managed.delete(manager);
  else managed.set(manager, { ...entry, set });
}

/** More updaters than this are merged, the oldest first, into one entry per version. */
function capUpdateManagers(managed: Managed): void {
  const updaters = [...managed].filter(([, { applied }]) => !applied);
  let excess = updaters.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return;
  updaters.sort(([a, left], [b, right]) => secondsOf(left) - secondsOf(right) || (a < b ? -1 : 1));
  const firstOfVersion = new Map<string, string>();
  for (const [identifier, entry] of updaters) {
    if (excess <= 0) return;
    const first = firstOfVersion.get(entry.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(entry.apiVersion, identifier);
      continue;
    }
    const bucket = managerIdentifier({ manager: OLD_UPDATES_MANAGER, operation: 'Update', apiVersion: entry.apiVersion });
    const collected = managed.get(bucket) ?? managed.get(first);
    if (!managed.has(bucket)) managed.delete(first);
    managed.delete(identifier);
    managed.set(bucket, { ...entry, set: collected === undefined ? entry.set : union(entry.set, collected.set) });
    excess -= 1;
  }
}

export interface ServerSideApply {
  /** The stored object; undefined when the apply creates it. */
  readonly live: Fields | undefined;
  /** The patch, parsed. */
  readonly applied: unknown;
  readonly manager: string;
  readonly force: boolean;
  readonly nowMs: number;
}

/** The object to write, not yet decoded or defaulted: may hold nulls. Throws StatusError: 400, 409 with causes, 500 for what does not fit the type. */
export function serverSideApply(scope: FieldScope, input: ServerSideApply): Fields {
  const applied = checkedPatch(scope, input.applied);
  const live = input.live ?? emptyObjectOf(scope);
  try {
    const result = applyAsManager(scope, { ...input, live, applied });
    const isKubectl = input.manager === KUBECTL_MANAGER;
    const object = isKubectl ? withLastApplied(result.object, applied) : result.object;
    return withManagedFields(object, encodeManagedFields(result.managed));
  } catch (error) {
    if (error instanceof ApplyConflicts) throw error.toStatusError();
    throw error;
  }
}

function checkedPatch(scope: FieldScope, patch: unknown): Fields {
  const applied = isJsonObject(patch) ? patch : {};
  const { apiVersion, kind } = applied;
  if (apiVersion !== apiVersionOfScope(scope) || kind !== scope.kind.kind) throw newBadRequest(`invalid object type: ${formatKind(apiVersion, kind)}`);
  if (hasManagedFields(applied)) throw newBadRequest('metadata.managedFields must be nil');
  const errors = validateTyped(applied, typeOfScope(scope), { allowDuplicates: false });
  if (errors.length > 0) throw internal(`failed to create typed patch object (${describe(scope, applied)}): ${formatTypedErrors(errors)}`);
  return applied;
}

/** Entries that are none do not count here; the decoder tells of them later. */
function hasManagedFields(applied: Fields): boolean {
  const schema = schemaOfMessage('meta/v1.ManagedFieldsEntry');
  const isEntry = (entry: unknown): boolean => isJsonObject(entry) && (schema === undefined || isTyped(schema, entry));
  return managedFieldsOf(applied)?.every(isEntry) ?? false;
}

function isTyped(schema: ObjectSchema, value: Fields): boolean {
  try {
    toTyped(schema, value);
    return true;
  } catch (error) {
    if (error instanceof GoDecodeError) return false;
    throw error;
  }
}

interface Attempt extends ServerSideApply {
  readonly live: Fields;
  readonly applied: Fields;
}
interface Applied {
  readonly object: Fields;
  readonly managed: Managed;
}

/** kubectl may take over what it owned by its client-side apply without being told to force. */
function applyAsManager(scope: FieldScope, input: Attempt): Applied {
  try {
    return applyOnce(scope, input);
  } catch (error) {
    if (!(error instanceof ApplyConflicts) || input.manager !== KUBECTL_MANAGER) throw error;
    const allowed = allowedConflicts(scope, input.live);
    if (allowed === undefined) throw error;
    const remaining = error.without(allowed);
    if (remaining.conflicts.length > 0) throw remaining;
    return applyOnce(scope, { ...input, force: true });
  }
}

function applyOnce(scope: FieldScope, { live, applied, manager, force, nowMs }: Attempt): Applied {
  const managed = decodeLive(live);
  const bareLive = withManagedFields(live, undefined);
  if (managed.size === 0) update(scope, { live: emptyObjectOf(scope), next: bareLive, managed, manager: BEFORE_APPLY_MANAGER, nowMs });
  const identifier = managerIdentifier({ manager, operation: 'Apply', apiVersion: apiVersionOfScope(scope), subresource: scope.subresource });
  checkLive(scope, bareLive);
  const next = applyOwnership(scope, { live: bareLive, applied, managed, manager: identifier, force });
  disown(managed, identifier);
  const entry = managed.get(identifier);
  if (next !== undefined && entry !== undefined) managed.set(identifier, { ...entry, time: formatTime(nowMs) });
  return { object: next === undefined ? bareLive : (next as Fields), managed };
}

function decodeLive(live: Fields): Managed {
  try {
    return decodeManagedFields(managedFieldsOf(live));
  } catch (error) {
    throw internal(`failed to decode managed fields: ${(error as Error).message}`);
  }
}

function checkLive(scope: FieldScope, live: Fields): void {
  const errors = validateTyped(live, typeOfScope(scope), { allowDuplicates: true });
  if (errors.length > 0) throw internal(`failed to create typed live object (${describe(scope, live)}): ${formatTypedErrors(errors)}`);
}

function internal(message: string): StatusError {
  return new StatusError(failureStatus({ code: 500, reason: '', message }));
}

/** `default/web; apps/v1, Kind=Deployment` */
function describe(scope: FieldScope, object: Fields): string {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const { namespace = '', name = '' } = metadata;
  return `${String(namespace)}/${String(name)}; ${formatKind(apiVersionOfScope(scope), scope.kind.kind)}`;
}

/** A GroupVersionKind as Go prints it; the core group has an empty name before the slash. */
function formatKind(apiVersion: unknown, kind: unknown): string {
  const text = typeof apiVersion === 'string' ? apiVersion : '';
  return `${text.includes('/') ? text : `/${text}`}, Kind=${typeof kind === 'string' ? kind : ''}`;
}

export function managedFieldsOf(object: Fields): ManagedFieldsEntry[] | undefined {
  const metadata = object['metadata'];
  const entries = isJsonObject(metadata) ? metadata['managedFields'] : undefined;
  return Array.isArray(entries) ? (entries as ManagedFieldsEntry[]) : undefined;
}

function uidOf(object: Fields): string {
  const metadata = object['metadata'];
  return isJsonObject(metadata) && typeof metadata['uid'] === 'string' ? metadata['uid'] : '';
}

function withManagedFields(object: Fields, entries: readonly ManagedFieldsEntry[] | undefined): Fields {
  const metadata = object['metadata'];
  if (!isJsonObject(metadata)) return entries === undefined ? object : { ...object, metadata: { managedFields: entries } };
  const { managedFields: _dropped, ...rest } = metadata;
  return { ...object, metadata: entries === undefined ? rest : { ...rest, managedFields: entries } };
}

/**
 * An update that changes nothing but times of managedFields is no update: keeps the stored entries, so that nothing is written
 * (upstream: IgnoreManagedFieldsTimestampsTransformer). Call after admission.
 */
export function keepManagedFieldsTimes(next: Fields, live: Fields): Fields {
  const entries = managedFieldsOf(next);
  const before = managedFieldsOf(live);
  if (entries === undefined || before === undefined || !sameButTimes(entries, before)) return next;
  return sameButNulls(withManagedFields(next, undefined), withManagedFields(live, undefined)) ? withManagedFields(next, before) : next;
}

/** Stored objects have nulls where Go writes absent lists; `next` may not have been brought into that form yet. */
function sameButNulls(a: unknown, b: unknown): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return deepEqual(a ?? null, b ?? null);
    return a.length === b.length && a.every((item, index) => sameButNulls(item, b[index]));
  }
  for (const key in a) if (!sameButNulls(a[key], b[key])) return false;
  for (const key in b) if (!(key in a) && !sameButNulls(undefined, b[key])) return false;
  return true;
}

function sameButTimes(entries: readonly ManagedFieldsEntry[], others: readonly ManagedFieldsEntry[]): boolean {
  return entries.length === others.length && entries.every((entry, index) => sameButTime(entry, others[index]!));
}

function sameButTime(entry: ManagedFieldsEntry, other: ManagedFieldsEntry): boolean {
  return (
    entry.manager === other.manager && entry.operation === other.operation && entry.apiVersion === other.apiVersion &&
    entry.subresource === other.subresource && entry.fieldsType === other.fieldsType && deepEqual(entry.fieldsV1, other.fieldsV1)
  );
}

/** Printable, and short enough: nearly all. */
const PLAIN_NAME = /^[ -~]{0,128}$/;

/** The part of the user agent before the first `/`, cut to 128 printable characters; for requests without fieldManager. */
export function managerFromUserAgent(userAgent: string): string {
  const slash = userAgent.indexOf('/');
  const name = slash < 0 ? userAgent : userAgent.slice(0, slash);
  if (PLAIN_NAME.test(name)) return name;
  let prefix = '';
  for (const char of name) {
    if (new TextEncoder().encode(prefix + char).length > 128) break;
    if (char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char)) prefix += char;
  }
  return prefix;
}

