import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { ListMergeType } from './merge-type.ts';
import { keyElement, singleKeyElement, valueElement, type PathElement } from './path-element.ts';

/** An item that cannot be told from the others; the message is upstream's. */
export class ListItemError extends Error {
  override readonly name = 'ListItemError';
}

/** What identifies an item of a set or of a list of objects with keys. */
export function elementOfItem(list: ListMergeType, item: unknown): PathElement {
  return list.keys.length > 0 ? elementByKeys(list, item) : elementByValue(item);
}

function elementByKeys(list: ListMergeType, item: unknown): PathElement {
  if (item === null) throw new ListItemError('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new ListItemError('associative list with keys may not have non-map elements');
  const [only] = list.keys;
  if (list.keys.length === 1 && only !== undefined) {
    const value = keyOf(list, item, only);
    if (value !== undefined) return singleKeyElement(only, value);
  } else {
    const keys: [string, unknown][] = [];
    for (const name of list.keys) {
      const value = keyOf(list, item, name);
      if (value !== undefined) keys.push([name, value]);
    }
    if (keys.length > 0) return keyElement(keys);
  }
  const names = list.keys.map(goQuote).join(' ');
  throw new ListItemError(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}

function keyOf(list: ListMergeType, item: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(item, name) ? item[name] : list.element().map?.field(name)?.defaultValue;
}

function elementByValue(item: unknown): PathElement {
  if (isJsonObject(item)) throw new ListItemError("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) throw new ListItemError('not supported: associative list with lists as elements');
  if (item === null) throw new ListItemError("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}

/** Items by element; several items with one element are kept in order. */
export function indexItems(list: ListMergeType, items: readonly unknown[]): Map<PathElement, unknown[]> {
  const index = new Map<PathElement, unknown[]>();
  for (const item of items) {
    const element = elementOfItem(list, item);
    const same = index.get(element);
    if (same === undefined) index.set(element, [item]);
    else same.push(item);
  }
  return index;
}
