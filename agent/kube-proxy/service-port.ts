/** What kube-proxy keeps of Services and EndpointSlices: one ServicePort per port of a Service that it handles. Pure data, IPv4. */
export interface ServicePort {
  /** `default/web:http` (the part after the colon is empty for an unnamed port). */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  /** Seconds of ClientIP affinity; absent: none. */
  readonly affinitySeconds?: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  readonly endpoints: readonly ServiceEndpoint[];
}

export interface ServiceEndpoint {
  readonly ip: string;
  readonly port: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On this node. */
  readonly local: boolean;
}

/** A container port that is bound to a port of the node. */
export interface HostPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIP?: string;
  readonly hostPort: number;
  readonly podIP: string;
  readonly containerPort: number;
}

/**
 * Endpoints that get traffic: the ready ones; when there are none, those that still serve while terminating (KEP-1669).
 * `local` keeps those of this node only.
 */
export function usableEndpoints(endpoints: readonly ServiceEndpoint[], { local }: { readonly local: boolean }): readonly ServiceEndpoint[] {
  const candidates = local ? endpoints.filter((endpoint) => endpoint.local) : endpoints;
  const ready = candidates.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : candidates.filter((endpoint) => endpoint.serving && endpoint.terminating);
}
