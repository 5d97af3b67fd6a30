import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import type { Container, Pod, Probe } from '../../../kube/api/generated/core/v1.ts';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import { containerFieldPath } from '../events.ts';
import type { EventSink } from '../events.ts';
import type { ProbeResult } from '../pod-actions.ts';
import { latestContainer } from '../runtime-pod.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime-pod.ts';
import { runProbe } from './run-probe.ts';

type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProberOptions {
  readonly runtime: RuntimeService;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostIP: string;
  /** A result changed: the pod's status or its containers need another look. */
  readonly onChange: (uid: string) => void;
}

/** Runs every running container's probes and remembers their results by container id (upstream: pkg/kubelet/prober). */
export class ProberManager {
  readonly #options: ProberOptions;
  readonly #workers = new Map<string, ProbeWorker>();
  readonly #results: Readonly<Record<ProbeKind, Map<string, ProbeResult>>> = { startup: new Map(), liveness: new Map(), readiness: new Map() };

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  startup(containerId: string): ProbeResult | undefined {
    return this.#results.startup.get(containerId);
  }

  liveness(containerId: string): ProbeResult | undefined {
    return this.#results.liveness.get(containerId);
  }

  readiness(containerId: string): ProbeResult | undefined {
    return this.#results.readiness.get(containerId);
  }

  /** Called with what runs now; starts workers for new containers and ends those of dead ones. */
  observe(pod: Pod, runtimePod: RuntimePod): void {
    const uid = pod.metadata.uid ?? '';
    const wanted = new Set<string>();
    const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
    for (const container of [...sidecars, ...pod.spec.containers]) {
      const running = latestContainer(runtimePod, container.name);
      if (running?.state !== 'CONTAINER_RUNNING') continue;
      for (const kind of ['startup', 'liveness', 'readiness'] as const) {
        const probe = container[`${kind}Probe`];
        if (probe === undefined) continue;
        const key = `${uid}/${running.id}/${kind}`;
        wanted.add(key);
        const podIP = pod.spec.hostNetwork === true ? this.#options.hostIP : (runtimePod.ips[0] ?? '');
        const known = this.#workers.get(key);
        if (known === undefined) this.#workers.set(key, this.#start({ pod, container, probe, kind, running, podIP }));
        else known.pod = pod;
      }
    }
    for (const key of this.#workers.keys()) if (key.startsWith(`${uid}/`) && !wanted.has(key)) this.#end(key);
  }

  /** While a pod ends only readiness goes on, so that it leaves its Services (upstream: StopLivenessAndStartup). */
  stopLivenessAndStartup(uid: string): void {
    for (const key of this.#workers.keys()) if (key.startsWith(`${uid}/`) && !key.endsWith('/readiness')) this.#end(key, true);
  }

  forget(uid: string): void {
    for (const key of this.#workers.keys()) if (key.startsWith(`${uid}/`)) this.#end(key);
  }

  stop(): void {
    for (const key of this.#workers.keys()) this.#end(key);
  }

  #start(work: { pod: Pod; container: Container; probe: Probe; kind: ProbeKind; running: RuntimeContainer; podIP: string }): ProbeWorker {
    const { kind, running } = work;
    this.#results[kind].set(running.id, kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : 'unknown');
    const worker = new ProbeWorker({
      ...work, manager: this.#options, isStarted: () => work.container.startupProbe === undefined || this.startup(running.id) === 'success',
      report: (result) => {
        if (this.#results[kind].get(running.id) === result) return;
        this.#results[kind].set(running.id, result);
        this.#options.onChange(work.pod.metadata.uid ?? '');
      },
    });
    worker.start();
    return worker;
  }

  #end(key: string, keepResult = false): void {
    this.#workers.get(key)?.stop();
    this.#workers.delete(key);
    const [, containerId = '', kind = ''] = key.split('/');
    if (!keepResult) this.#results[kind as ProbeKind].delete(containerId);
  }
}

interface WorkerOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly probe: Probe;
  readonly kind: ProbeKind;
  readonly running: RuntimeContainer;
  readonly podIP: string;
  readonly manager: ProberOptions;
  readonly isStarted: () => boolean;
  readonly report: (result: ProbeResult) => void;
}

/** One probe of one container: waits, tries, counts in a row, reports at the thresholds. */
class ProbeWorker {
  pod: Pod;
  readonly #options: WorkerOptions;
  #timer: Disposable | undefined;
  #stopped = false;
  #last: 'success' | 'failure' | undefined;
  #inARow = 0;
  #onHold = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.pod = options.pod;
  }

  start(): void {
    const { probe, running, manager } = this.#options;
    const sinceStartMs = manager.clock.now() - running.startedAt / 1e6;
    const initialMs = (probe.initialDelaySeconds ?? 0) * 1000 - sinceStartMs;
    // After a restart of the agent not all probes of a node fire at once.
    const spreadMs = sinceStartMs > 10_000 ? manager.random.next() * (probe.periodSeconds ?? 10) * 1000 : 0;
    this.#schedule(Math.max(0, initialMs, spreadMs));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.manager.clock.setTimer(delayMs, () => {
      this.#tick().catch((error: unknown) => console.error('Probe worker failed', error)).finally(() => this.#schedule((this.#options.probe.periodSeconds ?? 10) * 1000));
    });
  }

  async #tick(): Promise<void> {
    const { kind, isStarted, manager, container, probe, running, podIP } = this.#options;
    if (this.#onHold) return;
    if (kind === 'startup' ? isStarted() && container.startupProbe === undefined : !isStarted()) return;
    const outcome = await runProbe({ runtime: manager.runtime, pod: this.pod, container, probe, containerId: running.id, podIP });
    if (this.#stopped) return;
    this.#count(outcome.result, outcome.output);
  }

  #count(result: 'success' | 'failure' | 'unknown', output: string): void {
    const { kind, manager, container, probe, report } = this.#options;
    const label = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
    const fieldPath = containerFieldPath(this.pod, container.name);
    if (result === 'unknown') {
      manager.events.pod(this.pod, { type: 'Warning', reason: 'Unhealthy', message: `${label} probe errored and resulted in unknown state: ${output}`, fieldPath });
      return;
    }
    if (result === 'failure') manager.events.pod(this.pod, { type: 'Warning', reason: 'Unhealthy', message: `${label} probe failed: ${output}`, fieldPath });
    this.#inARow = this.#last === result ? this.#inARow + 1 : 1;
    this.#last = result;
    const threshold = result === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
    if (this.#inARow < threshold) return;
    report(result);
    // A container that is to be restarted is not asked again; a startup probe ends with its first success.
    if ((result === 'failure' && kind !== 'readiness') || (kind === 'startup' && result === 'success')) this.#onHold = true;
  }
}
