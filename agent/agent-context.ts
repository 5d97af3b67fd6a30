import type { NodeAgentConfiguration } from '../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Clock } from '../kube/apimachinery/clock.ts';
import type { Random } from '../kube/apimachinery/random.ts';
import type { Client } from '../kube/client/client.ts';
import type { EventRecorder } from '../kube/client/event-recorder.ts';
import type { InformerFactory } from '../kube/client/informer.ts';

/** What every part of the agent is given; the client and its informers speak as system:node:NAME. */
export interface AgentContext {
  readonly config: NodeAgentConfiguration;
  readonly client: Client;
  /** Started already; informers that are asked for later start at once. */
  readonly informers: InformerFactory;
  /** The same as system:kube-proxy: Services, EndpointSlices and Nodes of the whole cluster. */
  readonly clusterInformers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/** A part beside the kubelet: network, kube-proxy, DNS. It starts quickly, works in the background, and ends with the signal or when disposed. */
export interface AgentPart {
  readonly name: string;
  start(context: AgentContext): Promise<AsyncDisposable>;
}
