import type { EndpointSubset } from '../../../kube/api/generated/core/v1.ts';

/** Upstream: maxCapacity. */
const MAX_ADDRESSES = 1000;

/**
 * At most 1,000 addresses: those that are ready first, and of the kind that has to be cut each subset its part, rounded up as long as there is
 * room (upstream: truncateEndpoints).
 *
 *     600 ready, 900 not, of these 300 and 600 in two subsets   →  600 ready, 134 and 266 not
 */
export function truncatedSubsets(subsets: readonly EndpointSubset[]): { readonly subsets: EndpointSubset[]; readonly isTruncated: boolean } {
  const count = (key: 'addresses' | 'notReadyAddresses'): number => subsets.reduce((sum, subset) => sum + (subset[key]?.length ?? 0), 0);
  const [ready, notReady] = [count('addresses'), count('notReadyAddresses')];
  if (ready + notReady <= MAX_ADDRESSES) return { subsets: [...subsets], isTruncated: false };
  const key = ready > MAX_ADDRESSES ? 'addresses' : 'notReadyAddresses';
  const [room, total] = key === 'addresses' ? [MAX_ADDRESSES, ready] : [MAX_ADDRESSES - ready, notReady];
  let left = room;
  const cut = subsets.map(({ addresses, notReadyAddresses, ...rest }) => {
    const all = (key === 'addresses' ? addresses : notReadyAddresses) ?? [];
    const kept = all.slice(0, Math.min(left, Math.ceil((all.length / total) * room)));
    left -= kept.length;
    const [nowReady, nowNotReady] = key === 'addresses' ? [kept, []] : [addresses ?? [], kept];
    return { ...(nowReady.length > 0 && { addresses: nowReady }), ...(nowNotReady.length > 0 && { notReadyAddresses: nowNotReady }), ...rest };
  });
  return { subsets: cut, isTruncated: true };
}
