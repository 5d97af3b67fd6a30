/** The cluster's fixed addresses: no identity depends on an address that can change. */
export const addresses = {
  /** The host as every node sees it (QEMU's user networking; the local driver forwards the same address). */
  host: '10.0.2.2',
  nodeNetwork: '10.89.0.0/24',
  clusterCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/16',
  /** `kubernetes.default`, the first address of the service range. */
  apiServerService: '10.96.0.1',
  clusterDNS: '10.96.0.10',
  clusterDomain: 'cluster.local',
} as const;

export const defaultApiPort = 6443;
export const defaultRegistryPort = 5001;
export const kubeletPort = 10250;
