import type { Environment } from '@marcbachmann/cel-js';
import { celEqual } from '../values.ts';

/** Longer lists are not compared each with each. */
const MAX_ELEMENTS = 10_000;

/** Lists and sets (upstream: apiserver/pkg/cel/library/lists.go, cel-go ext/sets.go). */
export function registerLists(environment: Environment): void {
  const on = (signature: string, handler: (list: readonly unknown[], other: never) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  on('list.isSorted(): bool', (list) => list.every((item, index) => index === 0 || compare(list[index - 1], item) <= 0));
  on('list.sum(): dyn', (list) => list.reduce(add, list.some((item) => typeof item === 'number') ? 0 : 0n));
  on('list<A>.min(): A', (list) => extreme(list, { name: 'min', sign: -1 }));
  on('list<A>.max(): A', (list) => extreme(list, { name: 'max', sign: 1 }));
  on('list.indexOf(dyn): int', (list, wanted) => BigInt(list.findIndex((item) => celEqual(item, wanted))));
  on('list.lastIndexOf(dyn): int', (list, wanted) => BigInt(list.findLastIndex((item) => celEqual(item, wanted))));
  on('list<A>.distinct(): list<A>', distinct);
  on('list<A>.sort(): list<A>', (list) => list.toSorted(compare));
  on('list<A>.reverse(): list<A>', (list) => list.toReversed());
  on('list.flatten(): list<dyn>', (list) => list.flat());
  environment.registerFunction('list<A>.slice(int, int): list<A>', (list: readonly unknown[], start: bigint, end: bigint) => {
    if (start < 0n || end < start || end > BigInt(list.length)) throw new Error(`cannot slice(${start}, ${end}), list is length ${list.length}`);
    return list.slice(Number(start), Number(end));
  }, { async: false });
  registerSets(environment);
}

class SetsNamespace {
  /** The package tells types apart by their classes. */
  readonly name = 'sets';
}

function registerSets(environment: Environment): void {
  environment.registerType('SetsNamespace', SetsNamespace);
  environment.registerConstant('sets', 'SetsNamespace', new SetsNamespace());
  const on = (name: string, test: (a: readonly unknown[], b: readonly unknown[]) => boolean): void => {
    environment.registerFunction(`SetsNamespace.${name}(list, list): bool`, (_: SetsNamespace, a: readonly unknown[], b: readonly unknown[]) => test(bounded(a), bounded(b)), { async: false });
  };
  on('contains', contains);
  on('equivalent', (a, b) => contains(a, b) && contains(b, a));
  on('intersects', (a, b) => a.some((item) => b.some((other) => celEqual(item, other))));
}

function contains(list: readonly unknown[], wanted: readonly unknown[]): boolean {
  return wanted.every((item) => list.some((other) => celEqual(item, other)));
}

function bounded(list: readonly unknown[]): readonly unknown[] {
  if (list.length > MAX_ELEMENTS) throw new Error('operation cancelled: actual cost limit exceeded');
  return list;
}

function distinct(list: readonly unknown[]): unknown[] {
  const result: unknown[] = [];
  for (const item of bounded(list)) {
    if (!result.some((known) => celEqual(known, item))) result.push(item);
  }
  return result;
}

function extreme(list: readonly unknown[], { name, sign }: { readonly name: string; readonly sign: number }): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
}

function compare(a: unknown, b: unknown): number {
  const [left, right] = [a, b] as [number, number];
  return left < right ? -1 : left > right ? 1 : 0;
}

function add(a: unknown, b: unknown): unknown {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}
