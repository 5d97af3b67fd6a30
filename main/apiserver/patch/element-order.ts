/** Which place the elements of a merged list get: the patch's order first, the server's for the rest, interleaved as they stood. */
export interface ElementOrder {
  /** Elements that the patch names; several may be the same to it (two ports of one number). */
  readonly patch: readonly unknown[];
  /** Elements that only the server knows. */
  readonly serverOnly: readonly unknown[];
  /** Identities (merge key values, or scalars) in the order that the patch wants. */
  readonly patchOrder: readonly unknown[];
  /** Identities in the order that the live list had. */
  readonly serverOrder: readonly unknown[];
  readonly identify: (element: unknown) => unknown;
}

/**
 * Live [a b c], patch names [c x]: the patch's elements stand as [c x], the rest as [a b], and a, b go before c because they did:
 * [a b c x]. An element that the server had not (x) gives no hint, and is taken first.
 */
export function normalizeElementOrder({ patch, serverOnly, patchOrder, serverOrder, identify }: ElementOrder): unknown[] {
  const left = sortByOrder(serverOnly, { index: patchOrderIndex(serverOrder), identify });
  const right = sortByOrder(patch, { index: patchOrderIndex(patchOrder), identify });
  const server = patchOrderIndex(serverOrder);
  const merged: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const takesLeft = j >= right.length || (i < left.length && isBefore(server, identify(left[i]), identify(right[j])));
    merged.push(takesLeft ? left[i++] : right[j++]);
  }
  return merged;
}

function patchOrderIndex(order: readonly unknown[]): ReadonlyMap<unknown, number> {
  const index = new Map<unknown, number>();
  order.forEach((identity, position) => {
    if (!index.has(identity)) index.set(identity, position);
  });
  return index;
}

function isBefore(index: ReadonlyMap<unknown, number>, a: unknown, b: unknown): boolean {
  const first = index.get(a);
  const second = index.get(b);
  return first !== undefined && second !== undefined && first < second;
}

/** Insertion sort with upstream's comparison, which calls an element of unknown place smaller than any. */
function sortByOrder(elements: readonly unknown[], { index, identify }: { readonly index: ReadonlyMap<unknown, number>; readonly identify: (element: unknown) => unknown }): unknown[] {
  const sorted = [...elements];
  const less = (a: unknown, b: unknown): boolean => {
    const first = index.get(identify(a));
    const second = index.get(identify(b));
    return first === undefined || second === undefined || first < second;
  };
  for (let end = 1; end < sorted.length; end += 1) {
    for (let at = end; at > 0 && less(sorted[at], sorted[at - 1]); at -= 1) {
      [sorted[at - 1], sorted[at]] = [sorted[at], sorted[at - 1]];
    }
  }
  return sorted;
}
