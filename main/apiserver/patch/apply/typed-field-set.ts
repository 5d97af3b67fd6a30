import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { FieldSetBuilder, type FieldSet } from './field-set.ts';
import { indexItems } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement, fieldNameOf, type PathElement } from './path-element.ts';

/** The fields that a value sets: leaves, items of lists, keys of maps and empty objects. */
export function fieldSetOfValue(value: unknown, type: MergeType): FieldSet {
  const root = new Level();
  const { scalar, list, map } = shapeOf(type, value);
  // The empty path is in no set.
  if (map !== undefined && !map.atomic) addMembers(root, { value, map });
  else if (scalar === undefined && list !== undefined && list.relationship !== 'atomic') addItems(root, { value, list });
  return root.set.build();
}

/** What is below one element, in a set once there is something. */
class Level {
  readonly #parent: Level | undefined;
  readonly #element: PathElement;
  #set: FieldSetBuilder | undefined;

  constructor(parent?: Level, element: PathElement = '') {
    this.#parent = parent;
    this.#element = element;
  }

  get set(): FieldSetBuilder {
    return (this.#set ??= this.#parent === undefined ? new FieldSetBuilder() : this.#parent.set.child(this.#element));
  }
}

function addValue(level: Level, { element, value, type }: { readonly element: PathElement; readonly value: unknown; readonly type: MergeType }): void {
  const { scalar, list, map } = shapeOf(type, value);
  if (map !== undefined) {
    if (map.atomic) level.set.add(element);
    else addMembers(new Level(level, element), { value, map });
  } else if (scalar !== undefined) level.set.add(element);
  else if (list !== undefined) {
    if (list.relationship === 'atomic') level.set.add(element);
    else addItems(new Level(level, element), { value, list });
  }
}

function addMembers(level: Level, { value, map }: { readonly value: unknown; readonly map: MapMergeType }): void {
  if (!isJsonObject(value)) return;
  for (const name in value) {
    const member = value[name];
    const type = member === undefined ? undefined : memberType(map, name);
    if (type === undefined) continue;
    const element = fieldElement(name);
    addValue(level, { element, value: member, type });
    if (member === null || isEmptyObject(member) || map.field(name) === undefined) level.set.add(element);
  }
}

function isEmptyObject(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  for (const _name in value) return false;
  return true;
}

function addItems(level: Level, { value, list }: { readonly value: unknown; readonly list: ListMergeType }): void {
  if (!Array.isArray(value)) return;
  for (const [element, items] of indexItems(list, value)) {
    // Items that share a key cannot be told apart: they are owned together, without their fields.
    if (items.length === 1) addValue(level, { element, value: items[0], type: list.element() });
    level.set.add(element);
  }
}

/** Adds the declared fields on the way to a member, so that removing all of a struct's fields removes the struct. */
export function withNamedFields(set: FieldSet, type: MergeType | undefined): FieldSet {
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element);
    if (name !== undefined && type?.map?.field(name) !== undefined) members.add(element);
    children.set(element, withNamedFields(child, childType(type, element)));
  }
  return { members, children };
}

function childType(type: MergeType | undefined, element: PathElement): MergeType | undefined {
  const name = fieldNameOf(element);
  if (name !== undefined && type?.map !== undefined) return memberType(type.map, name);
  return type?.list?.element();
}
