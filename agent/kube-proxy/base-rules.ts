export const table = 'coracle-proxy';

/** The mark that upstream uses for «masquerade on the way out». */
const masqueradeMark = '0x00004000';

/**
 * The fixed part of the table: hooks, maps and verdict chains. Written once when kube-proxy starts, replacing whatever an earlier run left,
 * in one transaction with the first rules, so that no packet ever meets a half-made table.
 */
export const baseRules = `
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  map service-nodeports { type inet_proto . inet_service : verdict; }
  map no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map no-endpoint-nodeports { type inet_proto . inet_service : verdict; }
  map hostports { type inet_proto . inet_service : verdict; }
  map hostport-ips { type ipv4_addr . inet_proto . inet_service : verdict; }

  chain mark-for-masquerade { mark set mark or ${masqueradeMark}; }
  chain reject-it { reject with icmp type port-unreachable; }
  chain drop-it { drop; }
  chain drop-later { mark set mark or 0x00008000; }

  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
    ip daddr . meta l4proto . th dport vmap @hostport-ips
    fib daddr type local meta l4proto . th dport vmap @hostports
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat - 1; policy accept;
    mark and ${masqueradeMark} != 0 mark set mark xor ${masqueradeMark} masquerade fully-random
  }

  chain no-endpoints {
    ip daddr . meta l4proto . th dport vmap @no-endpoint-services
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports
  }
  chain filter-input { type filter hook input priority -110; policy accept; ct state new jump no-endpoints; mark and 0x00008000 != 0 drop; }
  chain filter-forward { type filter hook forward priority -110; policy accept; ct state new jump no-endpoints; mark and 0x00008000 != 0 drop; }
  chain filter-output { type filter hook output priority -110; policy accept; ct state new jump no-endpoints; }
}
`;
