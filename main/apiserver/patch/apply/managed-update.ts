import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import { ApplyConflicts, type Conflict } from './apply-conflict.ts';
import { compareTyped, withoutFields, type Comparison } from './compare-typed.ts';
import { apiVersionOfScope, inVersion, resetFieldsOf, typeOfScope, type FieldScope } from './field-scope.ts';
import { difference, EMPTY_FIELD_SET, equalSets, intersection, isEmptySet, pathsOf, recursiveDifference, union, type FieldSet } from './field-set.ts';
import type { Managed, ManagedSet } from './managed-fields.ts';
import { mergeTyped } from './merge-typed.ts';
import { pruneFields } from './prune-fields.ts';
import { fieldSetOfValue } from './typed-field-set.ts';

/** How ownership moves on an update and on an apply (upstream: structured-merge-diff/merge Updater). All values are in the scope's version. */

export interface OwnershipUpdate {
  readonly live: unknown;
  readonly next: unknown;
  /** Changed in place. */
  readonly managed: Managed;
  /** The identifier under which the changes go. */
  readonly manager: string;
}

/** The manager comes to own what the update changed; everybody else loses it. */
export function updateOwnership(scope: FieldScope, { live, next, managed, manager }: OwnershipUpdate): void {
  const { removed, modified, added } = takeFromOthers(scope, { live, next, managed, manager, force: true });
  const own = managed.get(manager)?.set ?? EMPTY_FIELD_SET;
  const set = recursiveDifference(union(union(difference(own, removed), modified), added), resetFieldsOf(scope));
  if (isEmptySet(set)) managed.delete(manager);
  else managed.set(manager, { set, apiVersion: apiVersionOfScope(scope), applied: false });
}

export interface ApplyUpdate {
  readonly live: unknown;
  readonly applied: unknown;
  /** Changed in place. */
  readonly managed: Managed;
  readonly manager: string;
  readonly force: boolean;
}

/** The object after the apply; undefined when it is the live one. Throws {@link ApplyConflicts}. */
export function applyOwnership(scope: FieldScope, { live, applied, managed, manager, force }: ApplyUpdate): unknown {
  const type = typeOfScope(scope);
  const merged = mergeTyped(live, applied, type);
  const last = managed.get(manager);
  const wanted = recursiveDifference(fieldSetOfValue(applied, type), resetFieldsOf(scope));
  // Most applies name the fields of the last one; that set is encoded already.
  const set = last !== undefined && equalSets(last.set, wanted) ? last.set : wanted;
  managed.set(manager, { set, apiVersion: apiVersionOfScope(scope), applied: true, time: last?.time });
  const next = pruneFields(scope, merged, { managed, last, set });
  takeFromOthers(scope, { live, next, managed, manager, force });
  return deepEqual(live, next) ? undefined : next;
}

/** Takes changed fields from their owners, and drops entries of versions that are gone and entries left empty. */
function takeFromOthers(scope: FieldScope, { live, next, managed, manager, force }: OwnershipUpdate & { readonly force: boolean }): Comparison {
  const comparison = withoutFields(compareTyped(live, next, typeOfScope(scope)), resetFieldsOf(scope));
  if (managed.size === 0) return comparison;
  const versions = new Map<string, Comparison | undefined>();
  versions.set(apiVersionOfScope(scope), comparison);
  const losses = new Map<string, FieldSet>();
  const conflicts: Conflict[] = [];
  for (const [owner, entry] of managed) {
    if (owner === manager) continue;
    if (!versions.has(entry.apiVersion)) versions.set(entry.apiVersion, compareIn(scope, { live, next, apiVersion: entry.apiVersion }));
    const changes = versions.get(entry.apiVersion);
    if (changes === undefined) {
      managed.delete(owner);
      continue;
    }
    const lost = intersection(entry.set, union(changes.modified, changes.added));
    if (!force) for (const path of pathsOf(lost)) conflicts.push({ manager: owner, path });
    losses.set(owner, union(lost, changes.removed));
  }
  if (conflicts.length > 0) throw new ApplyConflicts(conflicts);
  for (const [owner, lost] of losses) lose(managed, owner, lost);
  for (const [owner, { set }] of managed) if (isEmptySet(set)) managed.delete(owner);
  return comparison;
}

function compareIn(scope: FieldScope, { live, next, apiVersion }: { readonly live: unknown; readonly next: unknown; readonly apiVersion: string }): Comparison | undefined {
  const before = inVersion(scope, live, apiVersion);
  const after = inVersion(scope, next, apiVersion);
  if (before === undefined || after === undefined) return undefined;
  return withoutFields(compareTyped(before.value, after.value, before.type), resetFieldsOf(scope));
}

function lose(managed: Managed, owner: string, lost: FieldSet): void {
  const entry = managed.get(owner);
  if (entry !== undefined && !isEmptySet(lost)) managed.set(owner, { ...entry, set: difference(entry.set, lost) } satisfies ManagedSet);
}
