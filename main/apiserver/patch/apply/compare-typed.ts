import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { FieldSetBuilder, recursiveDifference, type FieldSet } from './field-set.ts';
import { indexItems } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement, type PathElement } from './path-element.ts';

export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

/** Which fields differ. Both values have been found to fit the type. */
export function compareTyped(before: unknown, after: unknown, type: MergeType): Comparison {
  const walk = new CompareWalk();
  walk.compare([], { before, after, type });
  return walk.result();
}

export function withoutFields({ removed, modified, added }: Comparison, fields: FieldSet): Comparison {
  return {
    removed: recursiveDifference(removed, fields),
    modified: recursiveDifference(modified, fields),
    added: recursiveDifference(added, fields),
  };
}

/** undefined is an absent value; null is one that is there. */
interface Pair {
  readonly before: unknown;
  readonly after: unknown;
}

class CompareWalk {
  readonly #removed = new FieldSetBuilder();
  readonly #modified = new FieldSetBuilder();
  readonly #added = new FieldSetBuilder();

  result(): Comparison {
    return { removed: this.#removed.build(), modified: this.#modified.build(), added: this.#added.build() };
  }

  compare(path: readonly PathElement[], { before, after, type }: Pair & { readonly type: MergeType }): void {
    // Unchanged parts, which are most of an object, need no walk.
    if (before === after || (before !== undefined && after !== undefined && deepEqual(before, after))) return;
    const shape = shapeOf(type, after === undefined ? before : after);
    const wasLeaf = this.#descend(path, shape, { before, after });
    if (wasLeaf) return;
    if (before === undefined) this.#added.insert(path);
    else if (after === undefined) this.#removed.insert(path);
  }

  /** Whether the value was compared as a whole. */
  #descend(path: readonly PathElement[], { scalar, list, map }: MergeType, pair: Pair): boolean {
    if (map !== undefined) return this.#compareMaps(path, map, pair);
    if (scalar === undefined && list !== undefined) return this.#compareLists(path, list, pair);
    return this.#compareLeaves(path, pair);
  }

  #compareLeaves(path: readonly PathElement[], { before, after }: Pair): true {
    if (before === undefined) this.#added.insert(path);
    else if (after === undefined) this.#removed.insert(path);
    else this.#modified.insert(path);
    return true;
  }

  #compareMaps(path: readonly PathElement[], map: MapMergeType, pair: Pair): boolean {
    const before = withNulls(pair.before, map);
    const after = withNulls(pair.after, map);
    const names = new Set([...definedKeys(before), ...definedKeys(after)]);
    if (map.atomic || names.size === 0) return this.#compareLeaves(path, pair);
    for (const name of names) {
      const type = memberType(map, name);
      if (type !== undefined) this.compare([...path, fieldElement(name)], { before: own(before, name), after: own(after, name), type });
    }
    return false;
  }

  #compareLists(path: readonly PathElement[], list: ListMergeType, pair: Pair): boolean {
    const before = Array.isArray(pair.before) ? pair.before : [];
    const after = Array.isArray(pair.after) ? pair.after : [];
    if (list.relationship === 'atomic' || before.length + after.length === 0) return this.#compareLeaves(path, pair);
    const left = indexItems(list, before);
    const right = indexItems(list, after);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      this.#compareItems([...path, element], { before: left.get(element) ?? [], after: right.get(element) ?? [] }, list.element());
    }
    return false;
  }

  /** Several items with one key are one value: they appear, change and go together. */
  #compareItems(path: readonly PathElement[], { before, after }: { readonly before: readonly unknown[]; readonly after: readonly unknown[] }, type: MergeType): void {
    if (before.length <= 1 && after.length <= 1) {
      this.compare(path, { before: before[0], after: after[0], type });
    } else if (before.length >= 2 && after.length >= 2) {
      if (!deepEqual(before, after)) this.#modified.insert(path);
    } else if (before.length >= 2) {
      if (after.length > 0) this.compare(path, { before: undefined, after: after[0], type });
      this.#removed.insert(path);
    } else {
      if (before.length > 0) this.compare(path, { before: before[0], after: undefined, type });
      this.#added.insert(path);
    }
  }
}

/** Members as Go writes them; nothing for what is no object. */
function withNulls(value: unknown, { nullWhenAbsent = [] }: MapMergeType): Record<string, unknown> {
  if (!isJsonObject(value)) return {};
  const missing = nullWhenAbsent.filter((name) => value[name] === undefined);
  return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing.map((name) => [name, null])) };
}

function definedKeys(object: Record<string, unknown>): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
