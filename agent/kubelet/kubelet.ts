import { pods, services } from '../../kube/api/generated/core/v1.ts';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { Client } from '../../kube/client/client.ts';
import type { EventRecorder } from '../../kube/client/event-recorder.ts';
import type { Informer, InformerFactory } from '../../kube/client/informer.ts';
import type { ImageService, RuntimeService } from '../runtime/runtime-service.ts';
import { Cgroups } from './cgroups.ts';
import { ContainerGarbage } from './container-gc.ts';
import { kubeletEvents } from './events.ts';
import { ImageManager } from './images/image-manager.ts';
import type { KubeletContext, KubeletPaths } from './kubelet-context.ts';
import type { MachineFacts } from './node/machine-facts.ts';
import { nodeFacts } from './node/machine-facts.ts';
import { admitPod } from './pod-admission.ts';
import { Pleg } from './pleg.ts';
import { PodWorkers } from './pod-workers.ts';
import { ProberManager } from './prober/prober-manager.ts';
import { ReferencedObjects } from './referenced-objects.ts';
import { StatusManager } from './status/status-manager.ts';
import { ServiceAccountTokens } from './volumes/service-account-tokens.ts';
import { VolumeManager } from './volumes/volume-manager.ts';

export interface KubeletOptions {
  readonly config: NodeAgentConfiguration;
  readonly paths: KubeletPaths;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly clock: Clock;
  readonly random: Random;
  readonly machine: MachineFacts;
  /** Why pods cannot get a network now; undefined when they can. */
  readonly networkProblem: () => string | undefined;
  /** The machine's own by default. */
  readonly cgroups?: Cgroups;
}

const HOUSEKEEPING_MS = 10_000;
/** After the first relist: pods that were deleted while the agent was down end soon. */
const FIRST_HOUSEKEEPING_MS = 1000;

/** Runs this node's pods (upstream: pkg/kubelet). Node object, lease and server are beside it in node/ and server/. */
export class Kubelet {
  readonly context: KubeletContext;
  readonly workers: PodWorkers;
  readonly statuses: StatusManager;
  readonly pleg: Pleg;
  readonly #pods: Informer<Pod>;
  readonly #garbage: ContainerGarbage;
  #runtimeUids: ReadonlySet<string> = new Set();

  constructor(options: KubeletOptions) {
    const { config, client, runtime, images, clock, random, informers, machine, paths } = options;
    const events = kubeletEvents(options.recorder, config.nodeName);
    this.#pods = informers.informer(pods, { fieldSelector: `spec.nodeName=${config.nodeName}` });
    const notify = (uid: string): void => this.workers.notify(uid);
    this.context = {
      config, paths, clock, random, client, runtime, images, events,
      imageManager: new ImageManager({ images, events, clock }),
      volumes: new VolumeManager({ podsDirectory: paths.podsDirectory, client }),
      objects: new ReferencedObjects({ client, clock }),
      tokens: new ServiceAccountTokens({ client, clock }),
      cgroups: options.cgroups ?? new Cgroups(),
      probers: new ProberManager({ runtime, events, clock, random, hostIP: config.nodeIP, onChange: notify }),
      services: informers.informer(services).lister,
      facts: nodeFacts(config, machine),
      memoryCapacityBytes: machine.memoryBytes,
    };
    this.statuses = new StatusManager({ client });
    this.workers = new PodWorkers({ context: this.context, statuses: this.statuses, networkProblem: options.networkProblem, admit: (pod, others) => admitPod({ pod, others, config, machine }) });
    this.pleg = new Pleg({ runtime, clock, onChange: notify, onRelist: (uids) => (this.#runtimeUids = uids) });
    this.#garbage = new ContainerGarbage({ runtime, isKnown: (uid) => this.workers.worker(uid) !== undefined });
  }

  pod(namespace: string, name: string): Pod | undefined {
    return this.#pods.lister.get(`${namespace}/${name}`);
  }

  /** Resolves after the signal is aborted and all loops ended; pods are left running. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, objects } = this.context;
    await this.#pods.waitForSync(signal);
    using _subscription = this.#pods.onEvent((event) => {
      if (event.type === 'delete') this.workers.deleted(event.object);
      else {
        if (event.type === 'add') objects.forgetNamespace(event.object.metadata.namespace ?? '');
        this.workers.update(event.object);
      }
    });
    const pleg = this.pleg.run(signal);
    for (let periodMs = FIRST_HOUSEKEEPING_MS; !signal.aborted; periodMs = HOUSEKEEPING_MS) {
      await clock.sleep(periodMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#housekeeping().catch((error: unknown) => console.error('Housekeeping failed', { error: String(error) }));
    }
    this.context.probers.stop();
    await Promise.all([pleg, this.workers.stop()]);
  }

  async #housekeeping(): Promise<void> {
    this.statuses.flush();
    await this.workers.removeOrphans(this.#runtimeUids);
    await this.workers.removeOrphanedLogs();
    await this.#garbage.collect();
  }
}
