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
  walk.compare(walk.root, { before: before ?? {}, after, type });
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

type Difference = keyof Comparison;

/** Where the walk is. The way to here is made in a set only when something below differs, and once. */
class Level {
  readonly #parent: Level | undefined;
  readonly #element: PathElement;
  #sets: Partial<Record<Difference, FieldSetBuilder>> | undefined;

  constructor(parent?: Level, element: PathElement = '') {
    this.#parent = parent;
    this.#element = element;
  }

  below(difference: Difference): FieldSetBuilder {
    const sets = (this.#sets ??= {});
    return (sets[difference] ??= this.#parent === undefined ? new FieldSetBuilder() : this.#parent.below(difference).child(this.#element));
  }

  /** The empty path is in no set. */
  differs(difference: Difference): void {
    this.#parent?.below(difference).add(this.#element);
  }

  /** All of a value that was not there before. */
  wasAdded(value: unknown, type: MergeType): void {
    if (this.#parent !== undefined) addValue(this.#parent.below('added'), { element: this.#element, value, type });
  }
}

/** The way to a value, and what is below it: for creates, where everything is new and nothing needs to be compared. */
function addValue(set: FieldSetBuilder, { element, value, type }: { readonly element: PathElement; readonly value: unknown; readonly type: MergeType }): void {
  set.add(element);
  const { scalar, list, map } = shapeOf(type, value);
  if (map !== undefined) addMembers(set, { element, value, map });
  else if (scalar === undefined && list !== undefined) addItems(set, { element, value, list });
}

function addMembers(set: FieldSetBuilder, { element, value, map }: { readonly element: PathElement; readonly value: unknown; readonly map: MapMergeType }): void {
  if (map.atomic) return;
  const members = withNulls(value, map);
  let below: FieldSetBuilder | undefined;
  for (const name of Object.keys(members)) {
    const type = members[name] === undefined ? undefined : memberType(map, name);
    if (type !== undefined) addValue((below ??= set.child(element)), { element: fieldElement(name), value: members[name], type });
  }
}

function addItems(set: FieldSetBuilder, { element, value, list }: { readonly element: PathElement; readonly value: unknown; readonly list: ListMergeType }): void {
  if (list.relationship === 'atomic' || !Array.isArray(value) || value.length === 0) return;
  const below = set.child(element);
  for (const [item, values] of indexItems(list, value)) {
    if (values.length > 1) below.add(item);
    else addValue(below, { element: item, value: values[0], type: list.element() });
  }
}

class CompareWalk {
  readonly root = new Level();

  result(): Comparison {
    const { root } = this;
    return { removed: root.below('removed').build(), modified: root.below('modified').build(), added: root.below('added').build() };
  }

  compare(level: Level, { before, after, type }: Pair & { readonly type: MergeType }): void {
    if (!isSame(before, after)) this.#compareDifferent(level, { before, after, type });
  }

  #compareDifferent(level: Level, { before, after, type }: Pair & { readonly type: MergeType }): void {
    if (before === undefined) return level.wasAdded(after, type);
    const shape = shapeOf(type, after === undefined ? before : after);
    const wasLeaf = this.#descend(level, shape, { before, after });
    if (!wasLeaf && after === undefined) level.differs('removed');
  }

  /** Whether the value was compared as a whole. */
  #descend(level: Level, { scalar, list, map }: MergeType, pair: Pair): boolean {
    if (map !== undefined) return this.#compareMaps(level, map, pair);
    if (scalar === undefined && list !== undefined) return this.#compareLists(level, list, pair);
    return this.#compareLeaves(level, pair);
  }

  #compareLeaves(level: Level, { after }: Pair): true {
    level.differs(after === undefined ? 'removed' : 'modified');
    return true;
  }

  #compareMaps(level: Level, map: MapMergeType, pair: Pair): boolean {
    const before = withNulls(pair.before, map);
    const after = withNulls(pair.after, map);
    const names = definedKeys(before);
    for (const name of definedKeys(after)) if (own(before, name) === undefined) names.push(name);
    if (map.atomic || names.length === 0) return this.#compareLeaves(level, pair);
    for (const name of names) {
      const was = own(before, name);
      const is = own(after, name);
      if (isSame(was, is)) continue;
      const type = memberType(map, name);
      if (type !== undefined) this.#compareDifferent(new Level(level, fieldElement(name)), { before: was, after: is, type });
    }
    return false;
  }

  #compareLists(level: Level, list: ListMergeType, pair: Pair): boolean {
    const before = Array.isArray(pair.before) ? pair.before : [];
    const after = Array.isArray(pair.after) ? pair.after : [];
    if (list.relationship === 'atomic' || before.length + after.length === 0) return this.#compareLeaves(level, pair);
    const left = indexItems(list, before);
    const right = indexItems(list, after);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      this.#compareItems(new Level(level, element), { before: left.get(element) ?? [], after: right.get(element) ?? [] }, list.element());
    }
    return false;
  }

  /** Several items with one key are one value: they appear, change and go together. */
  #compareItems(level: Level, { before, after }: { readonly before: readonly unknown[]; readonly after: readonly unknown[] }, type: MergeType): void {
    if (before.length <= 1 && after.length <= 1) {
      this.compare(level, { before: before[0], after: after[0], type });
    } else if (before.length >= 2 && after.length >= 2) {
      if (!deepEqual(before, after)) level.differs('modified');
    } else if (before.length >= 2) {
      if (after.length > 0) this.compare(level, { before: undefined, after: after[0], type });
      level.differs('removed');
    } else {
      if (before.length > 0) this.compare(level, { before: before[0], after: undefined, type });
      level.differs('added');
    }
  }
}

/** Unchanged parts, which are most of an object, need no walk. */
function isSame(before: unknown, after: unknown): boolean {
  return before === after || (before !== undefined && after !== undefined && deepEqual(before, after));
}

/** Members as Go writes them; nothing for what is no object. */
function withNulls(value: unknown, { nullWhenAbsent = [] }: MapMergeType): Record<string, unknown> {
  if (!isJsonObject(value)) return {};
  if (nullWhenAbsent.length === 0) return value;
  const missing = nullWhenAbsent.filter((name) => value[name] === undefined);
  return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing.map((name) => [name, null])) };
}

function definedKeys(object: Record<string, unknown>): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
