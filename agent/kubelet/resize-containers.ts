import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { LinuxContainerResources } from '../runtime/cri-types.ts';
import { containerResources } from './container-resources.ts';
import type { KubeletContext } from './kubelet-context.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { latestContainer } from './runtime-pod.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';

/**
 * In-place resize (KEP-1287): running containers get the CPU and memory that their spec asks for now.
 * Differs from upstream: always in place (resizePolicy RestartContainer is not honoured), and the node's room is not checked again.
 */
export async function resizeContainers(context: KubeletContext, { pod, runtimePod, state }: { readonly pod: Pod; readonly runtimePod: RuntimePod; readonly state: PodRuntimeState }): Promise<void> {
  const cgroupVersion = await context.cgroups.version();
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const pending: { readonly id: string; readonly wanted: LinuxContainerResources; readonly text: string }[] = [];
  for (const container of [...sidecars, ...pod.spec.containers]) {
    const running = latestContainer(runtimePod, container.name);
    if (running?.state !== 'CONTAINER_RUNNING') continue;
    const wanted = containerResources({ pod, container, memoryCapacityBytes: context.memoryCapacityBytes, cgroupVersion });
    const text = JSON.stringify(wanted);
    const applied = state.appliedResources.get(running.id);
    if (applied === text) continue;
    if (applied === undefined && !differs(running, wanted)) state.appliedResources.set(running.id, text);
    else pending.push({ id: running.id, wanted, text });
  }
  if (pending.length === 0) return;
  // The pod's own limit first: a container cannot be given more than its parent has.
  await context.cgroups.ensurePod(pod);
  for (const { id, wanted, text } of pending) {
    await context.runtime.updateContainerResources(id, wanted);
    state.appliedResources.set(id, text);
  }
}

/** After a restart of the agent: what the runtime says the container has. A runtime that says nothing is believed. */
function differs(running: RuntimeContainer, wanted: LinuxContainerResources): boolean {
  const has = running.resources?.linux;
  if (!has) return false;
  const quota = (value: number | undefined): number => Math.max(value ?? 0, 0);
  return (has.cpuShares ?? 0) !== wanted.cpuShares || quota(has.cpuQuota) !== quota(wanted.cpuQuota) || (has.memoryLimitInBytes ?? 0) !== wanted.memoryLimitInBytes;
}

