import { table } from './base-rules.ts';
import type { RuleSet } from './compile-rules.ts';

export const emptyRules: RuleSet = { chains: new Map(), elements: new Map(), affinitySets: new Map() };

/**
 * The nft transaction that turns one rule set into another, '' when they are equal. Order matters: what is referred to must exist before,
 * and must outlive, what refers to it: sets, chains (empty, then filled), elements; and backwards for what goes.
 */
export function diffRules(previous: RuleSet, next: RuleSet): string {
  const lines: string[] = [];
  for (const [name, seconds] of next.affinitySets) {
    if (previous.affinitySets.get(name) === seconds) continue;
    // A set's timeout cannot be changed; a new one forgets which client was where, as upstream's does.
    lines.push(`add set ip ${table} ${name} { type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`);
  }
  const changed = [...next.chains].filter(([name, rules]) => !sameRules(previous.chains.get(name), rules));
  for (const [name] of changed) if (!previous.chains.has(name)) lines.push(`add chain ip ${table} ${name}`);
  for (const [name, rules] of changed) {
    if (previous.chains.has(name)) lines.push(`flush chain ip ${table} ${name}`);
    lines.push(...rules.map((rule) => `add rule ip ${table} ${name} ${rule}`));
  }
  for (const [map, elements] of next.elements) lines.push(...diffElements({ map, previous: previous.elements.get(map) ?? new Map(), next: elements }));
  for (const [map, elements] of previous.elements) if (!next.elements.has(map)) lines.push(...diffElements({ map, previous: elements, next: new Map() }));
  const gone = [...previous.chains.keys()].filter((name) => !next.chains.has(name));
  lines.push(...gone.map((name) => `flush chain ip ${table} ${name}`), ...gone.map((name) => `delete chain ip ${table} ${name}`));
  for (const name of previous.affinitySets.keys()) if (!next.affinitySets.has(name)) lines.push(`delete set ip ${table} ${name}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** An element whose verdict changes is deleted and added in the same transaction. */
function diffElements({ map, previous, next }: { map: string; previous: ReadonlyMap<string, string>; next: ReadonlyMap<string, string> }): readonly string[] {
  const removed = [...previous].filter(([key, verdict]) => next.get(key) !== verdict).map(([key]) => key);
  const added = [...next].filter(([key, verdict]) => previous.get(key) !== verdict).map(([key, verdict]) => `${key} : ${verdict}`);
  return [
    ...(removed.length > 0 ? [`delete element ip ${table} ${map} { ${removed.join(', ')} }`] : []),
    ...(added.length > 0 ? [`add element ip ${table} ${map} { ${added.join(', ')} }`] : []),
  ];
}

function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index]);
}
