import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import { apiVersionOfScope, fromVersion, inVersion, type FieldScope, type Versioned } from './field-scope.ts';
import { difference, EMPTY_FIELD_SET, intersection, isEmptySet, isSubset, union, type FieldSet } from './field-set.ts';
import type { Managed, ManagedSet } from './managed-fields.ts';
import { removeFields } from './remove-fields.ts';
import { fieldSetOfValue, withNamedFields } from './typed-field-set.ts';

/**
 * Removes what a manager applied last time and does not apply any more (upstream: structured-merge-diff/merge Updater.prune), unless
 * somebody else owns it, or owns something inside of it.
 *
 * `managed` holds the manager's new set already, which is `set`; `last` is its set before.
 */
export function pruneFields(scope: FieldScope, merged: unknown, { managed, last, set }: { readonly managed: Managed; readonly last: ManagedSet | undefined; readonly set: FieldSet }): unknown {
  if (last === undefined || isEmptySet(last.set) || givesUpNothing(scope, last, set)) return merged;
  const before = inVersion(scope, merged, last.apiVersion);
  if (before === undefined) return merged;
  const named = withNamedFields(last.set, before.type);
  const removed = removeFields(before.value, named, before.type);
  const owned = addBackOwned(scope, before, { pruned: removed, prunedVersion: last.apiVersion, managed });
  const kept = addBackDangling(before, owned, last);
  return fromVersion(scope, kept, last.apiVersion);
}

/** What is applied again is owned, and comes back with whatever is inside of it. */
function givesUpNothing(scope: FieldScope, last: ManagedSet, set: FieldSet): boolean {
  return last.apiVersion === apiVersionOfScope(scope) && isSubset(last.set, set);
}

interface Pruned {
  readonly pruned: unknown;
  readonly prunedVersion: string;
  readonly managed: Managed;
}

/** Fields that any manager still owns come back, version by version, the pruned one first. */
function addBackOwned(scope: FieldScope, merged: Versioned, { pruned, prunedVersion, managed }: Pruned): unknown {
  let current = pruned;
  for (const [apiVersion, set] of setsByVersion(managed, prunedVersion)) {
    const whole = apiVersion === prunedVersion ? merged : other(scope, merged.value, { from: prunedVersion, to: apiVersion });
    const rest = apiVersion === prunedVersion ? { value: current, type: merged.type } : other(scope, current, { from: prunedVersion, to: apiVersion });
    if (whole === undefined || rest === undefined) continue;
    const back = withOwned(whole, rest, set);
    current = apiVersion === prunedVersion ? back : (other(scope, back, { from: apiVersion, to: prunedVersion })?.value ?? current);
  }
  return current;
}

function other(scope: FieldScope, value: unknown, { from, to }: { readonly from: string; readonly to: string }): Versioned | undefined {
  return inVersion(scope, fromVersion(scope, value, from), to);
}

function setsByVersion(managed: Managed, first: string): ReadonlyMap<string, FieldSet> {
  const sets = new Map<string, FieldSet>([[first, EMPTY_FIELD_SET]]);
  for (const { apiVersion, set } of managed.values()) sets.set(apiVersion, union(sets.get(apiVersion) ?? EMPTY_FIELD_SET, set));
  return sets;
}

function withOwned(merged: Versioned, pruned: Versioned, managed: FieldSet): unknown {
  const { type } = merged;
  const all = withNamedFields(fieldSetOfValue(merged.value, type), type);
  const left = withNamedFields(fieldSetOfValue(pruned.value, type), type);
  return removeFields(merged.value, difference(all, union(left, withNamedFields(managed, type))), type);
}

/** Fields that went along with their parent, although the manager never owned them, come back. */
function addBackDangling(merged: Versioned, pruned: unknown, last: ManagedSet): unknown {
  const { value, type } = merged;
  if (deepEqual(value, pruned)) return value;
  const left = withNamedFields(fieldSetOfValue(pruned, type), type);
  const all = withNamedFields(fieldSetOfValue(value, type), type);
  return removeFields(value, intersection(difference(all, left), withNamedFields(last.set, type)), type);
}
