import { isJsonObject, setMember } from '../../../../kube/apimachinery/json.ts';
import { elementOfItem } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';

/** The live value with what the applied one sets. Shares unchanged parts with both. */
export function mergeTyped(live: unknown, applied: unknown, type: MergeType): unknown {
  return merge({ live, applied }, type);
}

/** undefined is an absent value. */
interface Pair {
  readonly live: unknown;
  readonly applied: unknown;
}

function merge(pair: Pair, type: MergeType): unknown {
  const { scalar, list, map } = shapeOf(type, pair.applied === undefined ? pair.live : pair.applied);
  if (map !== undefined) return mergeMaps(pair, map);
  if (scalar === undefined && list !== undefined) return mergeLists(pair, list);
  return leaf(pair);
}

function leaf({ live, applied }: Pair): unknown {
  return applied === undefined ? live : applied;
}

function mergeMaps(pair: Pair, map: MapMergeType): unknown {
  const live = isJsonObject(pair.live) ? pair.live : {};
  const applied = isJsonObject(pair.applied) ? pair.applied : {};
  const names = new Set([...Object.keys(live), ...Object.keys(applied)]);
  // A live object with members that Go writes as null is not empty to it.
  if (names.size === 0 && isJsonObject(pair.live) && (map.nullWhenAbsent ?? []).length > 0) return pair.live;
  if (map.atomic || names.size === 0) return leaf(pair);
  const merged: Record<string, unknown> = {};
  for (const name of names) {
    const value = merge({ live: own(live, name), applied: own(applied, name) }, memberType(map, name) ?? {});
    if (value !== undefined) setMember(merged, name, value);
  }
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function mergeLists(pair: Pair, list: ListMergeType): unknown {
  const live = Array.isArray(pair.live) ? pair.live : [];
  const applied = Array.isArray(pair.applied) ? pair.applied : [];
  if (list.relationship === 'atomic' || live.length + applied.length === 0) return leaf(pair);
  const merged = new ListMerge(list, live, applied).run();
  return merged.length > 0 ? merged : undefined;
}

/**
 * Items of the applied list come in its order; items that only the live list has keep their place among the live items that both share.
 *
 * live [a b c d], applied [d x a]: d and a are shared. b and c are live only.
 * Result: [d x a b c]: the live-only items follow the last shared item before them, as far as the applied order allows.
 */
class ListMerge {
  readonly #list: ListMergeType;
  readonly #live: readonly unknown[];
  readonly #liveElements: readonly PathElement[];
  readonly #appliedElements: readonly PathElement[];
  /** The only item of an element; undefined where several share it, so that the applied one replaces them. */
  readonly #liveByElement = new Map<PathElement, unknown>();
  readonly #appliedByElement = new Map<PathElement, unknown>();
  readonly #sharedOrder: PathElement[];
  readonly #done = new Set<PathElement>();
  readonly #out: unknown[] = [];

  constructor(list: ListMergeType, live: readonly unknown[], applied: readonly unknown[]) {
    this.#list = list;
    this.#live = live;
    this.#liveElements = live.map((item) => elementOfItem(list, item));
    this.#appliedElements = applied.map((item) => elementOfItem(list, item));
    this.#liveElements.forEach((element, index) => {
      this.#liveByElement.set(element, this.#liveByElement.has(element) ? undefined : live[index]);
    });
    this.#appliedElements.forEach((element, index) => this.#appliedByElement.set(element, applied[index]));
    this.#sharedOrder = this.#appliedElements.filter((element) => this.#liveByElement.has(element));
  }

  run(): unknown[] {
    let nextShared = this.#sharedOrder.shift();
    let l = 0;
    let a = 0;
    while (l < this.#liveElements.length || a < this.#appliedElements.length) {
      const live = this.#liveElements[l];
      const applied = this.#appliedElements[a];
      if (live !== undefined && live === applied) {
        this.#take(applied);
        l += 1;
        a += 1;
        nextShared = this.#sharedOrder.shift();
        continue;
      }
      if (live !== undefined && applied !== undefined && this.#appliedByElement.has(live) && nextShared !== undefined && nextShared !== live) {
        // Its turn comes where the applied list has it.
        l += 1;
        continue;
      }
      if (live !== undefined) {
        if (!this.#appliedByElement.has(live)) {
          this.#push({ live: this.#live[l], applied: undefined });
          l += 1;
          continue;
        }
        if (this.#done.has(live)) l += 1;
      }
      if (applied !== undefined) {
        this.#take(applied);
        a += 1;
        if (nextShared === applied) nextShared = this.#sharedOrder.shift();
      }
    }
    return this.#out;
  }

  #take(element: PathElement): void {
    this.#done.add(element);
    this.#push({ live: this.#liveByElement.get(element), applied: this.#appliedByElement.get(element) });
  }

  #push(pair: Pair): void {
    const value = merge(pair, this.#list.element());
    if (value !== undefined) this.#out.push(value);
  }
}
