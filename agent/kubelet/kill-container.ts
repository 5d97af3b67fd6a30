import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import { containerFieldPath } from './events.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { runHook } from './lifecycle-hook.ts';
import { GRACE_PERIOD_ANNOTATION, PRE_STOP_ANNOTATION } from './runtime-labels.ts';
import { containerNameOf, sandboxIPs } from './runtime-pod.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';

/** Even an impatient deletion leaves the runtime this long (upstream: minimumGracePeriodInSeconds). */
const MINIMUM_GRACE_SECONDS = 2;

export interface KillContainerOptions {
  readonly pod: Pod;
  readonly container: RuntimeContainer;
  readonly spec: Container | undefined;
  readonly runtimePod: RuntimePod;
  readonly message: string;
  readonly gracePeriodOverride?: number;
  /** A probe's own terminationGracePeriodSeconds. */
  readonly probeGracePeriod?: number;
}

/** preStop within the grace period, then stop (upstream: killContainer). The grace period of a lost spec is read from the container. */
export async function killContainer(context: KubeletContext, options: KillContainerOptions): Promise<void> {
  const { pod, container, spec, runtimePod, message, gracePeriodOverride, probeGracePeriod } = options;
  const name = containerNameOf(container);
  context.events.pod(pod, { type: 'Normal', reason: 'Killing', message: message === '' ? `Stopping container ${name}` : message, fieldPath: containerFieldPath(pod, name) });
  const annotated = Number(container.annotations[GRACE_PERIOD_ANNOTATION] ?? 30);
  const grace = gracePeriodOverride ?? probeGracePeriod ?? pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? annotated;
  let left = grace;
  const preStop = spec?.lifecycle?.preStop ?? parseHook(container.annotations[PRE_STOP_ANNOTATION]);
  if (preStop !== undefined && grace > 0 && container.state === 'CONTAINER_RUNNING') {
    const started = context.clock.monotonicMs();
    const target = spec ?? ({ name } as Container);
    const failure = await Promise.race([
      runHook(context, { handler: preStop, pod, container: target, containerId: container.id, podIP: sandboxIPs(runtimePod.sandboxes[0])[0], timeoutMs: grace * 1000 }),
      context.clock.sleep(grace * 1000).then(() => undefined),
    ]);
    if (failure !== undefined) context.events.pod(pod, { type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed', fieldPath: containerFieldPath(pod, name) });
    left -= Math.floor((context.clock.monotonicMs() - started) / 1000);
  }
  await context.runtime.stopContainer(container.id, Math.max(left, grace === 0 ? 0 : MINIMUM_GRACE_SECONDS));
}

function parseHook(json: string | undefined): NonNullable<Container['lifecycle']>['preStop'] {
  return json === undefined ? undefined : (JSON.parse(json) as NonNullable<Container['lifecycle']>['preStop']);
}

/**
 * Kills all running containers, the ordinary ones at once, then sidecars from the last to the first (KEP-753), then stops the sandboxes.
 */
export async function killPod(context: KubeletContext, options: { readonly pod: Pod; readonly runtimePod: RuntimePod; readonly gracePeriodOverride?: number; readonly message?: string }): Promise<void> {
  const { pod, runtimePod, gracePeriodOverride, message = '' } = options;
  const deadlineMs = context.clock.monotonicMs() + 1000 * (gracePeriodOverride ?? pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30);
  const alive = runtimePod.containers.filter((container) => container.state === 'CONTAINER_RUNNING' || container.state === 'CONTAINER_UNKNOWN');
  const specs = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...((pod.spec.ephemeralContainers ?? []) as readonly Container[])];
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').map(({ name }) => name);
  const kill = (container: RuntimeContainer, override: number | undefined): Promise<void> =>
    killContainer(context, { pod, container, spec: specs.find(({ name }) => name === containerNameOf(container)), runtimePod, message, gracePeriodOverride: override });
  await Promise.all(alive.filter((container) => !sidecars.includes(containerNameOf(container))).map((container) => kill(container, gracePeriodOverride)));
  for (const name of sidecars.toReversed()) {
    const leftSeconds = Math.max(0, Math.ceil((deadlineMs - context.clock.monotonicMs()) / 1000));
    await Promise.all(alive.filter((container) => containerNameOf(container) === name).map((container) => kill(container, leftSeconds)));
  }
  for (const sandbox of runtimePod.sandboxes) await context.runtime.stopPodSandbox(sandbox.id);
}
