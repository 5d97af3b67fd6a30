/**
 * How the host tells a node's agent who it is; written to /etc/coracle/agent.json (0600) before the agent starts.
 * Modelled after kubelet.config.k8s.io/v1beta1 and the kubelet's flags; field names are upstream's where upstream has the thing.
 */
export interface NodeAgentConfiguration {
  readonly apiVersion: 'coracle.dev/v1';
  readonly kind: 'NodeAgentConfiguration';
  readonly nodeName: string;
  /** The node's address on the cluster network, e.g. 10.89.0.11. */
  readonly nodeIP: string;
  /** The API server as the node sees it: always https://10.0.2.2:PORT (QEMU's name for the host; the local driver forwards the same address). */
  readonly apiServer: string;
  /** PEM of the cluster's certificate authority. */
  readonly clusterCA: string;
  /** `id.secret`; exchanged for a client certificate by a CSR (TLS bootstrapping), then not used again. */
  readonly bootstrapToken: string;
  /** What the agent's parts beside the kubelet speak as: system:kube-proxy, which reads all Services and Nodes, as a kubelet may not. */
  readonly proxyIdentity: ClientIdentity;
  readonly clusterDomain: string;
  readonly clusterDNS: readonly string[];
  readonly serviceCIDR: string;
  readonly clusterCIDR: string;
  /** Address:port of the host's OCI registry as the node sees it, e.g. 10.0.2.2:5001; containerd's mirror for all registries. */
  readonly imageMirror?: string;
  /** unix:///run/containerd/containerd.sock */
  readonly containerRuntimeEndpoint: string;
  readonly kubeletPort: number;
  /** Interface on the cluster network (eth1); the agent puts routes to other nodes' pod CIDRs on it. */
  readonly clusterInterface: string;
  /** /var/lib/kubelet by default. */
  readonly rootDirectory: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly maxPods: number;
}

/** A client certificate and its private key, PEM. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly key: string;
}
