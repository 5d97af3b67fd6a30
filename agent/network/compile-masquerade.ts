/**
 * nft rules that let pods reach what lies outside the cluster: their address is replaced by the node's unless the target is a pod.
 * One table of its own, replaced as a whole. Traffic to Services that kube-proxy sends elsewhere is marked and masqueraded there.
 */
export function compileMasquerade({ podCIDR, clusterCIDR }: { readonly podCIDR: string; readonly clusterCIDR: string }): string {
  return [
    'table ip coracle-network',
    'delete table ip coracle-network',
    'table ip coracle-network {',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    `    ip saddr ${podCIDR} ip daddr != ${clusterCIDR} ip daddr != 224.0.0.0/4 masquerade fully-random`,
    '  }',
    '}',
    '',
  ].join('\n');
}
