import { goValue } from '../../../kube/apimachinery/go-format.ts';
import { deepCopy, deepEqual, isJsonObject, setMember } from '../../../kube/apimachinery/json.ts';
import { goKindOf, patchMetaOf, type PatchType } from './patch-schema.ts';
import { normalizeElementOrder } from './element-order.ts';

/**
 * Strategic merge patch (upstream: apimachinery/pkg/util/strategicpatch): a merge patch in which lists can be merged by key and
 * directives say what a merge cannot: `$patch: replace|delete`, `$retainKeys`, `$setElementOrder/LIST`, `$deleteFromPrimitiveList/LIST`.
 */
export class StrategicPatchError extends Error {
  override readonly name = 'StrategicPatchError';
  /** 400 for malformed directives, 422 for lists of lists, 500 otherwise, as upstream answers. */
  readonly code: 400 | 422 | 500;

  constructor(message: string, code: 400 | 422 | 500 = 500) {
    super(message);
    this.code = code;
  }
}

type Fields = Record<string, unknown>;

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_LIST = '$deleteFromPrimitiveList';
const ELEMENT_ORDER = '$setElementOrder';

/** A new object; neither argument is changed. */
export function applyStrategicMergePatch(original: Fields, patch: Fields, type: PatchType): Fields {
  return mergeMap(deepCopy(original), deepCopy(patch), type);
}

/** Changes both of its arguments, which are copies. */
function mergeMap(original: Fields, patch: Fields, type: PatchType): Fields {
  if (Object.hasOwn(patch, DIRECTIVE)) return withDirective(patch[DIRECTIVE], patch);
  applyRetainKeys(original, patch);
  applyElementOrders(original, patch, type);
  for (const key of Object.keys(patch)) mergeMember(original, { key, value: patch[key] }, type);
  return original;
}

function withDirective(directive: unknown, patch: Fields): Fields {
  if (directive === 'replace') {
    delete patch[DIRECTIVE];
    return patch;
  }
  if (directive === 'delete') return {};
  throw new StrategicPatchError(`unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`);
}

function mergeMember(original: Fields, { key: patchKey, value }: { readonly key: string; readonly value: unknown }, type: PatchType): void {
  const isDeleteList = patchKey.startsWith(DELETE_LIST);
  const key = isDeleteList ? listKeyOf(patchKey, DELETE_LIST) : patchKey;
  if (value === null) {
    delete original[key];
    return;
  }
  const current = original[key];
  if (!Object.hasOwn(original, key) || goTypeOf(current) !== goTypeOf(value)) {
    if (!isDeleteList) take(original, key, value);
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const meta = patchMetaOf(type, key);
    const merges = meta.strategy === 'merge' || isDeleteList;
    original[key] = merges ? mergeList(current, value, { ...meta, isDeleteList }) : value;
  } else if (isJsonObject(current) && isJsonObject(value)) {
    const meta = patchMetaOf(type, key);
    original[key] = meta.strategy === 'replace' ? value : mergeMap(current, value, meta.type);
  } else {
    take(original, key, value);
  }
}

/** Takes over what the original lacks, without nulls and directives. */
function take(original: Fields, key: string, value: unknown): void {
  const cleaned = withoutDirectives(withoutNulls(value));
  if (cleaned === undefined) delete original[key];
  else setMember(original, key, cleaned);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  return fieldsFrom(Object.entries(value).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member)]])));
}

/** undefined for an object that is itself a directive. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  return fieldsFrom(Object.entries(value).map(([key, member]) => [key, withoutDirectives(member)]));
}

function fieldsFrom(entries: readonly (readonly [string, unknown] | unknown[])[]): Fields {
  const fields: Fields = {};
  for (const [key, value] of entries) if (value !== undefined) setMember(fields, String(key), value);
  return fields;
}

interface ListMerge {
  readonly type: PatchType;
  readonly mergeKey: string;
  readonly isDeleteList: boolean;
}

function mergeList(original: unknown[], patch: unknown[], { type, mergeKey, isDeleteList }: ListMerge): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (!hasObjects(original, patch)) {
    if (isDeleteList) return original.filter((item) => !patch.includes(item));
    const merged = [...new Set([...original, ...patch])];
    return ordered({ merged, order: patch, serverOrder: original, mergeKey: '' });
  }
  if (mergeKey === '') throw new StrategicPatchError(`cannot merge lists without merge key for ${goKindOf(type)}`);
  const special = applyItemDirectives(original, patch, mergeKey);
  const merged = mergeItems([...special.original], special.patch, { type, mergeKey });
  return ordered({ merged, order: special.patch, serverOrder: special.original, mergeKey });
}

/** Whether the lists hold objects; throws when they mix types or hold lists. */
function hasObjects(...lists: readonly (readonly unknown[])[]): boolean {
  const items = lists.flat();
  const [first] = items;
  if (items.length === 0) throw new StrategicPatchError('no elements in any of the given slices');
  if (Array.isArray(first)) throw new StrategicPatchError('lists of lists are not supported', 422);
  if (items.some((item) => goTypeOf(item) !== goTypeOf(first))) {
    throw new StrategicPatchError(`list element types are not identical: ${goValue(lists)}`);
  }
  return isJsonObject(first);
}

function applyItemDirectives(original: unknown[], patch: readonly unknown[], mergeKey: string): { readonly original: unknown[]; readonly patch: unknown[] } {
  const plain: unknown[] = [];
  let kept = original;
  let replaces = false;
  for (const item of patch as readonly Fields[]) {
    const directive = item[DIRECTIVE];
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') {
      const value = requiredKey(item, mergeKey);
      kept = kept.filter((candidate) => !(isJsonObject(candidate) && candidate[mergeKey] === value));
    } else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw new StrategicPatchError('merging lists cannot yet be specified in the patch');
    else throw new StrategicPatchError(`unknown patch type: ${goValue(directive)} in map: ${goValue(item)}`);
  }
  return replaces ? { original: plain, patch: [] } : { original: kept, patch: plain };
}

function mergeItems(original: unknown[], patch: readonly unknown[], { type, mergeKey }: Omit<ListMerge, 'isDeleteList'>): unknown[] {
  for (const item of patch as readonly Fields[]) {
    const value = requiredKey(item, mergeKey);
    const index = indexByKey(original, mergeKey, value);
    if (index < 0) original.push(item);
    else original[index] = mergeMap(original[index] as Fields, item, type);
  }
  return original;
}

function requiredKey(item: Fields, mergeKey: string): unknown {
  if (!Object.hasOwn(item, mergeKey)) {
    throw new StrategicPatchError(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return item[mergeKey];
}

function indexByKey(list: readonly unknown[], mergeKey: string, value: unknown): number {
  return list.findIndex((candidate, index) => {
    if (!isJsonObject(candidate)) throw new StrategicPatchError(`value for key ${index} is not a map`);
    return Object.hasOwn(candidate, mergeKey) && deepEqual(candidate[mergeKey], value);
  });
}

interface Ordering {
  readonly merged: readonly unknown[];
  readonly order: readonly unknown[];
  readonly serverOrder: readonly unknown[];
  /** '' for lists of scalars. */
  readonly mergeKey: string;
}

function ordered({ merged, order, serverOrder, mergeKey }: Ordering): unknown[] {
  const identify = (item: unknown): unknown => (mergeKey === '' ? item : requiredKey(asObject(item), mergeKey));
  const named = new Set(order.map((item) => (mergeKey === '' ? item : isJsonObject(item) ? item[mergeKey] : undefined)));
  return normalizeElementOrder({
    patch: merged.filter((item) => named.has(identify(item))),
    serverOnly: merged.filter((item) => !named.has(identify(item))),
    patchOrder: order.map(identify),
    serverOrder: serverOrder.map(identify),
    identify,
  });
}

/** Clears what the directive does not name; the patch itself may only name what is retained. */
function applyRetainKeys(original: Fields, patch: Fields): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const retained = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  const malformed = new StrategicPatchError('invalid patch format of retainKeys', 400);
  if (!Array.isArray(retained)) throw malformed;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(DELETE_LIST) || key.startsWith(ELEMENT_ORDER)) continue;
    if (!retained.includes(key)) throw malformed;
  }
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key];
}

/** Merges each list that a $setElementOrder names, in that order, and takes list and directive out of the patch. */
function applyElementOrders(original: Fields, patch: Fields, type: PatchType): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(ELEMENT_ORDER)) continue;
    const order = listOf(patch[key]);
    delete patch[key];
    const listKey = listKeyOf(key, ELEMENT_ORDER);
    const current = Object.hasOwn(original, listKey) ? listOf(original[listKey]) : undefined;
    const change = Object.hasOwn(patch, listKey) ? listOf(patch[listKey]) : undefined;
    const { type: elementType, strategy, mergeKey } = patchMetaOf(type, listKey);
    checkOrder(change ?? [], order, mergeKey);
    if (current === undefined && change === undefined) continue;
    const merged = mergedForOrder(current, change, { type: elementType, strategy, mergeKey });
    hasObjects(current ?? [], change ?? []);
    original[listKey] = ordered({ merged, order, serverOrder: current ?? [], mergeKey });
    delete patch[listKey];
  }
}

function mergedForOrder(current: unknown[] | undefined, change: unknown[] | undefined, meta: { readonly type: PatchType; readonly strategy: string; readonly mergeKey: string }): unknown[] {
  if (current === undefined) return (withoutDirectives(change) as unknown[] | undefined) ?? [];
  if (change === undefined) return current;
  return meta.strategy === 'merge' ? mergeList([...current], change, { ...meta, isDeleteList: false }) : change;
}

/** What the patch adds or changes must stand in the order list, in the same relative order. */
function checkOrder(change: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (change.length === 0 || order.length === 0) return;
  const items = mergeKey === '' ? change : change.filter((item) => !(isJsonObject(item) && item[DIRECTIVE] === 'delete'));
  let next = 0;
  for (let index = 0; index < order.length && next < items.length; ) {
    const item = items[next];
    if (isJsonObject(item) && Object.hasOwn(item, DIRECTIVE)) {
      next += 1;
      continue;
    }
    if (keyValueOf(item, mergeKey) === keyValueOf(order[index], mergeKey)) next += 1;
    index += 1;
  }
  if (next < items.length) {
    throw new StrategicPatchError(`The order in patch list:\n${goValue(change)}\n doesn't match ${ELEMENT_ORDER} list:\n${goValue(order)}\n`);
  }
}

function keyValueOf(item: unknown, mergeKey: string): unknown {
  return mergeKey === '' ? item : requiredKey(asObject(item), mergeKey);
}

function listKeyOf(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const what = prefix === DELETE_LIST ? 'primitive list' : 'setElementOrder list';
  throw new StrategicPatchError(`invalid patch format of ${what}`, 400);
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new StrategicPatchError(`expected a []interface {}, but received a ${goTypeOf(value)}`);
}

function asObject(value: unknown): Fields {
  if (isJsonObject(value)) return value;
  throw new StrategicPatchError(`expected a map[string]interface {}, but received a ${goTypeOf(value)}`);
}

/** The Go type of a decoded JSON value, which upstream compares and names in messages. */
function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
