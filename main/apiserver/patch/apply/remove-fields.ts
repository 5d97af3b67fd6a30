import { isJsonObject, setMember } from '../../../../kube/apimachinery/json.ts';
import { isEmptySet, withPrefix, type FieldSet } from './field-set.ts';
import { elementOfItem } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement } from './path-element.ts';

/** The value without the given fields; null where nothing is left of it, as upstream. */
export function removeFields(value: unknown, fields: FieldSet, type: MergeType): unknown {
  const { scalar, list, map } = shapeOf(type, value);
  if (map !== undefined) return removeFromMap(value, fields, map);
  if (scalar !== undefined) return value;
  return list === undefined ? null : removeFromList(value, fields, list);
}

function removeFromMap(value: unknown, fields: FieldSet, map: MapMergeType): unknown {
  if (!isJsonObject(value) || map.atomic) return null;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const element = fieldElement(name);
    if (fields.members.has(element) || member === undefined) continue;
    const below = withPrefix(fields, element);
    setMember(kept, name, isEmptySet(below) ? member : removeFields(member, below, memberType(map, name) ?? {}));
  }
  return Object.keys(kept).length > 0 ? kept : null;
}

function removeFromList(value: unknown, fields: FieldSet, list: ListMergeType): unknown {
  if (!Array.isArray(value) || list.relationship === 'atomic') return null;
  const kept: unknown[] = [];
  for (const item of value) {
    const element = elementOfItem(list, item);
    if (fields.members.has(element)) continue;
    const below = withPrefix(fields, element);
    kept.push(isEmptySet(below) ? item : removeFields(item, below, list.element()));
  }
  return kept.length > 0 ? kept : null;
}
