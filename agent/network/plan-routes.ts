/** A node as the others must know it to reach its pods. */
export interface NodeAddress {
  readonly name: string;
  readonly nodeIP: string;
  readonly podCIDR: string;
}
export interface Route {
  readonly destination: string;
  readonly gateway: string;
}
export interface RouteChanges {
  readonly replace: readonly Route[];
  readonly remove: readonly Route[];
}

/**
 * One route per other node: its pod range by its address on the cluster network. `present` are the routes on that interface
 * inside the cluster's pod range; one whose node is gone or has moved is removed or replaced.
 */
export function planRoutes({ self, nodes, present }: { readonly self: string; readonly nodes: readonly NodeAddress[]; readonly present: readonly Route[] }): RouteChanges {
  const wanted = new Map(nodes.filter((node) => node.name !== self).map((node) => [node.podCIDR, node.nodeIP]));
  const existing = new Map(present.map((route) => [route.destination, route.gateway]));
  return {
    replace: [...wanted].filter(([destination, gateway]) => existing.get(destination) !== gateway).map(([destination, gateway]) => ({ destination, gateway })),
    remove: present.filter((route) => !wanted.has(route.destination)),
  };
}

/** Is the IPv4 range `inner` a part of `outer`? */
export function containsRange(outer: string, inner: string): boolean {
  const [outerBase, outerBits] = parseRange(outer);
  const [innerBase, innerBits] = parseRange(inner);
  if (innerBits < outerBits) return false;
  const mask = outerBits === 0 ? 0 : (0xffff_ffff << (32 - outerBits)) >>> 0;
  return (outerBase & mask) >>> 0 === (innerBase & mask) >>> 0;
}

function parseRange(text: string): readonly [base: number, bits: number] {
  const [address = '', bits = '32'] = text.split('/');
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return [base >>> 0, Number(bits)];
}
