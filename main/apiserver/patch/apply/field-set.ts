import { comparePathElements, type PathElement } from './path-element.ts';

/**
 * A set of field paths as a tree. `members` are the paths that end here, `children` the longer ones below.
 *
 * {.spec.replicas, .metadata.labels, .metadata.labels.app} is
 *   children: f:spec → members: f:replicas
 *             f:metadata → members: f:labels, children: f:labels → members: f:app
 *
 * Immutable once it left the function that built it with {@link FieldSetBuilder}.
 */
export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

export const EMPTY_FIELD_SET: FieldSet = { members: new Set(), children: new Map() };

interface MutableFieldSet {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, MutableFieldSet>;
}

export class FieldSetBuilder {
  readonly #node: MutableFieldSet;

  constructor(node: MutableFieldSet = { members: new Set(), children: new Map() }) {
    this.#node = node;
  }

  /** The empty path is not a member of any set. */
  insert(path: readonly PathElement[]): void {
    const last = path.at(-1);
    if (last === undefined) return;
    let node = this.#node;
    for (const element of path.slice(0, -1)) node = childOf(node, element);
    node.members.add(last);
  }

  /** The path of this element alone. */
  add(element: PathElement): void {
    this.#node.members.add(element);
  }

  /** For what is below the element. */
  child(element: PathElement): FieldSetBuilder {
    return new FieldSetBuilder(childOf(this.#node, element));
  }

  build(): FieldSet {
    return this.#node;
  }
}

function childOf(node: MutableFieldSet, element: PathElement): MutableFieldSet {
  let child = node.children.get(element);
  if (child === undefined) node.children.set(element, (child = { members: new Set(), children: new Map() }));
  return child;
}

export function fieldSetOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.insert(path);
  return builder.build();
}

export function isEmptySet({ members, children }: FieldSet): boolean {
  if (members.size > 0) return false;
  for (const child of children.values()) if (!isEmptySet(child)) return false;
  return true;
}

/** Without a look at what is below: for leaving out needless work. */
function isBare({ members, children }: FieldSet): boolean {
  return members.size === 0 && children.size === 0;
}

export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path.slice(0, -1)) node = node?.children.get(element);
  const last = path.at(-1);
  return node !== undefined && last !== undefined && node.members.has(last);
}

/** The part of the set below one element. */
export function withPrefix(set: FieldSet, element: PathElement): FieldSet {
  return set.children.get(element) ?? EMPTY_FIELD_SET;
}

/** One of the two itself when it has all of the other. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isSubset(a, b)) return b;
  if (isSubset(b, a)) return a;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const known = children.get(element);
    children.set(element, known === undefined ? child : union(known, child));
  }
  return { members: a.members.union(b.members), children };
}

export function isSubset(a: FieldSet, b: FieldSet): boolean {
  if (!a.members.isSubsetOf(b.members)) return false;
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined ? !isBare(child) : !isSubset(child, other)) return false;
  }
  return true;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a)) return a;
  if (isBare(b)) return EMPTY_FIELD_SET;
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    const both = other === undefined ? EMPTY_FIELD_SET : intersection(child, other);
    if (!isEmptySet(both)) children.set(element, both);
  }
  return { members: a.members.intersection(b.members), children };
}

/** Paths of a that are not in b; what is below a path of b stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a) || isBare(b)) return a;
  return combineChildren(a, a.members.difference(b.members), (element, child) => {
    const other = b.children.get(element);
    return other === undefined ? child : difference(child, other);
  });
}

/** Paths of a that are neither in b nor below a path of b. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a) || isBare(b)) return a;
  return combineChildren(a, a.members.difference(b.members), (element, child) => {
    if (b.members.has(element)) return EMPTY_FIELD_SET;
    const other = b.children.get(element);
    return other === undefined ? child : recursiveDifference(child, other);
  });
}

function combineChildren(set: FieldSet, members: ReadonlySet<PathElement>, combine: (element: PathElement, child: FieldSet) => FieldSet): FieldSet {
  if (set.children.size === 0) return members.size === set.members.size ? set : { members, children: set.children };
  const children = new Map<PathElement, FieldSet>();
  let isSame = members.size === set.members.size;
  for (const [element, child] of set.children) {
    const combined = combine(element, child);
    if (combined !== child) isSame = false;
    if (!isEmptySet(combined)) children.set(element, combined);
  }
  // Members are a part of the set's: as many are the same ones.
  return isSame && children.size === set.children.size ? set : { members, children };
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return isSubset(a, b) && isSubset(b, a);
}

/** All paths in upstream's order: an element's own path before what is below it. */
export function* pathsOf(set: FieldSet, prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  for (const element of sortedElements(set.members)) yield [...prefix, element];
  for (const element of sortedElements(set.children.keys())) yield* pathsOf(withPrefix(set, element), [...prefix, element]);
}

export function sortedElements(elements: Iterable<PathElement>): PathElement[] {
  return inOrder([...elements]);
}

/** Sorts in place. Sets are mostly built in order. */
export function inOrder(list: PathElement[]): PathElement[] {
  for (let index = 1; index < list.length; index++) {
    // Names of fields alone are in the order of their texts.
    if (comparePathElements(list[index - 1]!, list[index]!) > 0) return list.every((element) => element.startsWith('f:')) ? list.sort() : list.sort(comparePathElements);
  }
  return list;
}
