import { setImmediate as nextTurn } from 'node:timers/promises';
import { type LabelRequirements, type LabelSelectorSpec, requirementsFromLabels, requirementsOf } from '../../kube/apimachinery/label-selector.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import { replicasets, statefulsets } from '../../kube/api/generated/apps/v1.ts';
import { namespaces, nodes, persistentvolumeclaims, persistentvolumes, type Pod, pods, replicationcontrollers, services } from '../../kube/api/generated/core/v1.ts';
import { poddisruptionbudgets } from '../../kube/api/generated/policy/v1.ts';
import { storageclasses } from '../../kube/api/generated/storage/v1.ts';
import type { Client } from '../../kube/client/client.ts';
import type { EventRecorder } from '../../kube/client/event-recorder.ts';
import type { Informer, InformerFactory } from '../../kube/client/informer.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { onNodeEvent, onPodEvent, wakeOn } from './event-handlers.ts';
import { NodeFinder } from './find-node.ts';
import { BackgroundTasks } from './framework/background-tasks.ts';
import { Framework } from './framework/framework.ts';
import { defaultPlugins } from './plugins/registry.ts';
import { Nominator } from './queue/nominator.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { PodScheduler } from './schedule-one.ts';
import { SchedulerMetrics } from './scheduler-metrics.ts';

/** More bindings than this on the way would only queue up in the API server. */
const MAX_BINDINGS = 256;
/** How long choosing may hold the event loop: the API server lives on it too. */
const TURN_MS = 8;
const LEFTOVER_PERIOD_MS = 30_000;

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: EventRecorder;
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly schedulerName?: string;
  /** Where its metrics are shown. */
  readonly metrics?: MetricsRegistry;
  /** Gives the event loop to others; a simulation may hand in its own. */
  readonly yieldTurn?: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; resolves when all bindings under way have ended. */
export async function runScheduler(options: SchedulerOptions): Promise<void> {
  const { informers, clock, random, signal } = options;
  const log = options.log ?? (() => {});
  const tasks = new BackgroundTasks((error) => {
    if (!signal.aborted) log('scheduler task failed', { error });
  });
  const cache = new SchedulerCache();
  const nominator = new Nominator();
  const podInformer = informers.informer(pods);
  const nodeInformer = informers.informer(nodes);
  const schedulerName = options.schedulerName ?? 'default-scheduler';
  const framework = newFramework(options, { cache, nominator, tasks, metrics: () => metrics });
  const queue = new SchedulingQueue({ clock, plugins: framework.plugins, sort: sortOf(framework) });
  const metrics: SchedulerMetrics = new SchedulerMetrics({ profile: schedulerName, queue, cache, ...(options.metrics ? { registry: options.metrics } : {}) });
  const handlers = { cache, queue, nominator, schedulerName };
  using cleanup = new DisposableStack();
  cleanup.use(queue);
  cleanup.use(nodeInformer.onEvent((event) => onNodeEvent(event, handlers)));
  cleanup.use(podInformer.onEvent((event) => onPodEvent(event, handlers)));
  cleanup.use(wakeOn(informers.informer(persistentvolumeclaims), { resource: 'PersistentVolumeClaim', queue }));
  cleanup.use(wakeOn(informers.informer(persistentvolumes), { resource: 'PersistentVolume', queue }));
  const finder = new NodeFinder({ framework, cache, nominator, random });
  const currentPod = (key: string): Pod | undefined => podInformer.lister.get(key);
  const scheduler = new PodScheduler({ ...options, log, metrics, framework, cache, queue, nominator, finder, tasks, currentPod });
  try {
    await Promise.all([nodeInformer.waitForSync(signal), podInformer.waitForSync(signal)]);
    await scheduleLoop(options, { queue, scheduler, tasks });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await tasks.stop();
  }
}

async function scheduleLoop(
  { clock, signal, yieldTurn = nextTurn }: SchedulerOptions,
  { queue, scheduler, tasks }: { readonly queue: SchedulingQueue; readonly scheduler: PodScheduler; readonly tasks: BackgroundTasks },
): Promise<void> {
  let turnStartMs = clock.monotonicMs();
  let flushedMs = clock.monotonicMs();
  while (!signal.aborted) {
    if (clock.monotonicMs() - flushedMs > LEFTOVER_PERIOD_MS) {
      queue.flushLeftovers();
      flushedMs = clock.monotonicMs();
    }
    const queued = queue.tryPop();
    if (queued === undefined) {
      await waitForWork(queue, clock, signal);
      turnStartMs = clock.monotonicMs();
      continue;
    }
    scheduler.schedule(queued);
    if (tasks.size >= MAX_BINDINGS) await tasks.waitBelow(MAX_BINDINGS);
    if (clock.monotonicMs() - turnStartMs < TURN_MS) continue;
    await yieldTurn();
    turnStartMs = clock.monotonicMs();
  }
}

/** Wakes for a pod, and every half minute for the leftovers. */
async function waitForWork(queue: SchedulingQueue, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _timer = clock.setTimer(LEFTOVER_PERIOD_MS + 1, resolve);
  await Promise.race([queue.waitForPod(signal), promise]);
}

function sortOf(framework: Framework): NonNullable<Framework['plugins'][number]['compare']> {
  const sorter = framework.plugins.find(({ compare }) => compare !== undefined);
  return (a, b) => sorter?.compare?.(a, b) ?? a.queuedMs - b.queuedMs;
}

function newFramework(
  { client, clock, recorder, informers }: SchedulerOptions,
  { cache, nominator, tasks, metrics }: { readonly cache: SchedulerCache; readonly nominator: Nominator; readonly tasks: BackgroundTasks; readonly metrics: () => SchedulerMetrics },
): Framework {
  const namespaceInformer = informers.informer(namespaces);
  const claims = informers.informer(persistentvolumeclaims);
  const volumes = informers.informer(persistentvolumes);
  const classes = informers.informer(storageclasses);
  const budgets = informers.informer(poddisruptionbudgets);
  const allNodes = (): ReturnType<SchedulerCache['nodes']> => cache.nodes();
  const framework: Framework = new Framework(
    defaultPlugins({
      client,
      affinity: {
        namespaceLabels: (name) => namespaceInformer.lister.get(name)?.metadata.labels ?? {},
        nodes: allNodes,
        anyAffinity: () => cache.podsWithAffinity > 0,
        anyRequiredAntiAffinity: () => cache.podsWithRequiredAntiAffinity > 0,
      },
      spread: { nodes: allNodes, defaultSelectors: defaultSelectors(informers) },
      volumes: {
        claim: (key) => claims.lister.get(key),
        volume: (name) => volumes.lister.get(name),
        storageClass: (name) => classes.lister.get(name),
      },
      preemption: {
        client,
        clock,
        recorder,
        tasks,
        nominator,
        framework: () => framework,
        metrics,
        node: (name) => cache.node(name),
        budgets: () =>
          budgets.lister.list().flatMap(({ metadata, spec, status }) => {
            const selector = requirementsOf(spec?.selector);
            if (selector === undefined || selector.length === 0) return [];
            return [{ namespace: metadata.namespace ?? '', selector, disruptionsAllowed: status?.disruptionsAllowed ?? 0 }];
          }),
      },
    }),
  );
  return framework;
}

/** What selects a pod's siblings: its Services, and the workload that made it (upstream: DefaultSelector). */
function defaultSelectors(informers: InformerFactory): (pod: Pod) => readonly LabelRequirements[] {
  const serviceInformer = informers.informer(services);
  const owners: Readonly<Record<string, Informer<{ readonly spec?: { readonly selector?: unknown } }>>> = {
    ReplicaSet: informers.informer(replicasets),
    StatefulSet: informers.informer(statefulsets),
    ReplicationController: informers.informer(replicationcontrollers),
  };
  return ({ metadata }) => {
    const labels = metadata.labels ?? {};
    const selectors: LabelRequirements[] = [];
    for (const { spec } of serviceInformer.lister.list({ namespace: metadata.namespace })) {
      const selector = Object.entries(spec?.selector ?? {});
      if (selector.length > 0 && selector.every(([key, value]) => labels[key] === value)) selectors.push(requirementsFromLabels(spec?.selector));
    }
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    const selector = owner === undefined ? undefined : owners[owner.kind]?.lister.get(`${metadata.namespace}/${owner.name}`)?.spec?.selector;
    if (selector !== undefined) {
      const compiled = owner?.kind === 'ReplicationController' ? requirementsFromLabels(selector as Record<string, string>) : requirementsOf(selector as LabelSelectorSpec);
      if (compiled !== undefined) selectors.push(compiled);
    }
    return selectors;
  };
}
