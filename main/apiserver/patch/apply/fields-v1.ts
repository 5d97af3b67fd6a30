import { isJsonObject, setMember } from '../../../../kube/apimachinery/json.ts';
import type { FieldSet } from './field-set.ts';
import { parsePathElement, type PathElement } from './path-element.ts';
import { sortedElements } from './field-set.ts';

/**
 * FieldsV1, the form of a field set in metadata.managedFields: `{"f:spec":{"f:replicas":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}`.
 * A leaf is `{}`; `.` says that an element with something below it is a member itself.
 */
export function encodeFieldSet(set: FieldSet): Record<string, unknown> {
  return encode(set, false);
}

function encode(set: FieldSet, isMember: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (isMember && (set.members.size > 0 || set.children.size > 0)) fields['.'] = {};
  const elements = [...set.members];
  for (const element of set.children.keys()) if (!set.members.has(element)) elements.push(element);
  for (const element of sortedElements(elements)) {
    const child = set.children.get(element);
    setMember(fields, element, child === undefined ? {} : encode(child, set.members.has(element)));
  }
  return fields;
}

/** Throws for elements that are none. */
export function decodeFieldSet(fields: unknown): FieldSet {
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  for (const [text, below] of Object.entries(isJsonObject(fields) ? fields : {})) {
    if (text === '.') continue;
    const element = parsePathElement(text);
    const names = Object.keys(isJsonObject(below) ? below : {});
    if (names.length === 0 || names.includes('.')) members.add(element);
    if (names.some((name) => name !== '.')) children.set(element, decodeFieldSet(below));
  }
  return { members, children };
}
