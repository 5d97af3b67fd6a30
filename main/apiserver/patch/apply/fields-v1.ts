import { deepFreeze, isJsonObject, setMember } from '../../../../kube/apimachinery/json.ts';
import { LruMap } from '../../../../kube/apimachinery/lru-map.ts';
import type { FieldSet } from './field-set.ts';
import { parsePathElement, type PathElement } from './path-element.ts';
import { inOrder } from './field-set.ts';

/**
 * FieldsV1, the form of a field set in metadata.managedFields: `{"f:spec":{"f:replicas":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}`.
 * A leaf is `{}`; `.` says that an element with something below it is a member itself.
 */
export function encodeFieldSet(set: FieldSet): Record<string, unknown> {
  let fields = encodings.get(set);
  if (fields === undefined) {
    fields = deepFreeze(encode(set, false));
    remember(fields, set);
  }
  return fields;
}

/** Objects that are written again and again: most entries of their managers stay, and are decoded and encoded once. Keys are frozen. */
const decodings = new LruMap<object, FieldSet>(128);
const encodings = new LruMap<FieldSet, Record<string, unknown>>(128);

function remember(fields: Record<string, unknown>, set: FieldSet): void {
  decodings.set(fields, set);
  encodings.set(set, fields);
}

function encode(set: FieldSet, isMember: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (isMember && (set.members.size > 0 || set.children.size > 0)) fields['.'] = {};
  const elements = [...set.members];
  for (const element of set.children.keys()) if (!set.members.has(element)) elements.push(element);
  for (const element of inOrder(elements)) {
    const child = set.children.get(element);
    setMember(fields, element, child === undefined ? {} : encode(child, set.members.has(element)));
  }
  return fields;
}

/** Throws for elements that are none. */
export function decodeFieldSet(fields: unknown): FieldSet {
  if (!isJsonObject(fields) || !Object.isFrozen(fields)) return decode(fields);
  let set = decodings.get(fields);
  if (set === undefined) decodings.set(fields, (set = decode(fields)));
  return set;
}

function decode(fields: unknown): FieldSet {
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  if (!isJsonObject(fields)) return { members, children };
  for (const text in fields) {
    if (text === '.') continue;
    const element = parsePathElement(text);
    const below = fields[text];
    const { isMember, hasChildren } = contentOf(below);
    if (isMember) members.add(element);
    if (hasChildren) children.set(element, decode(below));
  }
  return { members, children };
}

function contentOf(below: unknown): { readonly isMember: boolean; readonly hasChildren: boolean } {
  let isMember = false;
  let hasChildren = false;
  if (isJsonObject(below)) {
    for (const name in below) {
      if (name === '.') isMember = true;
      else hasChildren = true;
    }
  }
  return { isMember: isMember || !hasChildren, hasChildren };
}
