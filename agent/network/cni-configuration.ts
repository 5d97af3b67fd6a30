/** The CNI network of one node: a bridge with this node's pod range, host ports, loopback. Needs no iptables (masquerading is in nft-masquerade.ts). */
export interface CniConfigurationInput {
  /** 10.244.1.0/24 */
  readonly podCIDR: string;
  readonly mtu: number;
}

export const podBridge = 'cni0';

/** The conflist as containerd reads it from /etc/cni/net.d. */
export function cniConfiguration({ podCIDR, mtu }: CniConfigurationInput): string {
  const configuration = {
    cniVersion: '1.0.0',
    name: 'coracle',
    plugins: [
      {
        type: 'bridge',
        bridge: podBridge,
        isGateway: true,
        isDefaultGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCIDR }]], dataDir: '/var/lib/cni/networks' },
      },
      { type: 'portmap', capabilities: { portMappings: true }, backend: 'nftables', snat: true },
    ],
  };
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}
