import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { FieldSetBuilder, type FieldSet } from './field-set.ts';
import { indexItems } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement, fieldNameOf, type PathElement } from './path-element.ts';

/** The fields that a value sets: leaves, items of lists, keys of maps and empty objects. */
export function fieldSetOfValue(value: unknown, type: MergeType): FieldSet {
  const builder = new FieldSetBuilder();
  collect(builder, [], { value, type });
  return builder.build();
}

interface Typed {
  readonly value: unknown;
  readonly type: MergeType;
}

function collect(set: FieldSetBuilder, path: readonly PathElement[], { value, type }: Typed): void {
  const { scalar, list, map } = shapeOf(type, value);
  if (map !== undefined) collectMap(set, path, { value, map });
  else if (scalar !== undefined) set.insert(path);
  else if (list !== undefined) collectList(set, path, { value, list });
}

function collectMap(set: FieldSetBuilder, path: readonly PathElement[], { value, map }: { readonly value: unknown; readonly map: MapMergeType }): void {
  if (map.atomic) {
    set.insert(path);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const type = memberType(map, name);
    if (type === undefined || member === undefined) continue;
    const memberPath = [...path, fieldElement(name)];
    collect(set, memberPath, { value: member, type });
    const isEmpty = member === null || (isJsonObject(member) && Object.keys(member).length === 0);
    if (isEmpty || map.field(name) === undefined) set.insert(memberPath);
  }
}

function collectList(set: FieldSetBuilder, path: readonly PathElement[], { value, list }: { readonly value: unknown; readonly list: ListMergeType }): void {
  if (list.relationship === 'atomic') {
    set.insert(path);
    return;
  }
  if (!Array.isArray(value)) return;
  for (const [element, items] of indexItems(list, value)) {
    const itemPath = [...path, element];
    // Items that share a key cannot be told apart: they are owned together, without their fields.
    if (items.length === 1) collect(set, itemPath, { value: items[0], type: list.element() });
    set.insert(itemPath);
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
