import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { Service } from '../../kube/api/generated/core/v1.ts';
import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Client } from '../../kube/client/client.ts';
import type { Lister } from '../../kube/client/informer.ts';
import type { ImageService, RuntimeService } from '../runtime/runtime-service.ts';
import type { Cgroups } from './cgroups.ts';
import type { EventSink } from './events.ts';
import type { ImageManager } from './images/image-manager.ts';
import type { NodeFacts } from './pod-fields.ts';
import type { ProberManager } from './prober/prober-manager.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import type { ServiceAccountTokens } from './volumes/service-account-tokens.ts';
import type { VolumeManager } from './volumes/volume-manager.ts';

/** What the kubelet's parts share; made once by kubelet.ts. */
export interface KubeletContext {
  readonly config: NodeAgentConfiguration;
  readonly paths: KubeletPaths;
  readonly clock: Clock;
  readonly random: Random;
  readonly client: Client;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly imageManager: ImageManager;
  readonly volumes: VolumeManager;
  readonly objects: ReferencedObjects;
  readonly tokens: ServiceAccountTokens;
  readonly cgroups: Cgroups;
  readonly probers: ProberManager;
  readonly events: EventSink;
  readonly services: Lister<Service>;
  readonly facts: NodeFacts;
  readonly memoryCapacityBytes: number;
}

export interface KubeletPaths {
  readonly podsDirectory: string;
  /** /var/log/pods */
  readonly logsDirectory: string;
  readonly resolvConf: string;
}
