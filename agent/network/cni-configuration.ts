/**
 * The CNI network of one node: a bridge with this node's pod range. Masquerading is in compile-masquerade.ts, host ports in kube-proxy:
 * the packaged portmap plugin would need iptables.
 */
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
    ],
  };
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}
