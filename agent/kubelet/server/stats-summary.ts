import { readFile } from 'node:fs/promises';
import type { ContainerStats } from '../../runtime/cri-types.ts';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import type { MachineFacts } from '../node/machine-facts.ts';
import { POD_NAMESPACE_LABEL, POD_NAME_LABEL, POD_UID_LABEL } from '../runtime-labels.ts';
import { formatTime } from '../status/container-statuses.ts';

/** stats.k8s.io/v1alpha1 Summary: CPU, memory and disk of the node and its containers, by the runtime's own count. */
export async function statsSummary({ runtime, nodeName, machine, nowMs }: { readonly runtime: RuntimeService; readonly nodeName: string; readonly machine: MachineFacts; readonly nowMs: number }): Promise<object> {
  const stats = await runtime.listContainerStats();
  const node = await nodeUsage();
  const time = formatTime(nowMs);
  const pods = [...Map.groupBy(stats, ({ attributes }) => attributes.labels[POD_UID_LABEL] ?? '')].map(([uid, containers]) => {
    const labels: Readonly<Record<string, string>> = containers[0]?.attributes.labels ?? {};
    const sum = (pick: (stats: ContainerStats) => number | undefined): number => containers.reduce((total, container) => total + (pick(container) ?? 0), 0);
    return {
      podRef: { name: labels[POD_NAME_LABEL] ?? '', namespace: labels[POD_NAMESPACE_LABEL] ?? '', uid },
      startTime: time,
      containers: containers.map((container) => containerStats(container, time)),
      cpu: { time, usageNanoCores: sum(({ cpu }) => cpu?.usageNanoCores?.value), usageCoreNanoSeconds: sum(({ cpu }) => cpu?.usageCoreNanoSeconds?.value) },
      memory: { time, workingSetBytes: sum(({ memory }) => memory?.workingSetBytes?.value), usageBytes: sum(({ memory }) => memory?.usageBytes?.value), rssBytes: sum(({ memory }) => memory?.rssBytes?.value) },
    };
  });
  return {
    node: {
      nodeName, startTime: formatTime(nowMs - node.uptimeSeconds * 1000),
      cpu: { time, usageCoreNanoSeconds: node.cpuNanoSeconds },
      memory: { time, availableBytes: node.availableBytes, workingSetBytes: machine.memoryBytes - node.availableBytes, usageBytes: machine.memoryBytes - node.freeBytes },
    },
    pods,
  };
}

function containerStats({ attributes, cpu, memory, writableLayer }: ContainerStats, time: string): object {
  return {
    name: attributes.metadata.name, startTime: time,
    cpu: { time, usageNanoCores: cpu?.usageNanoCores?.value ?? 0, usageCoreNanoSeconds: cpu?.usageCoreNanoSeconds?.value ?? 0 },
    memory: { time, workingSetBytes: memory?.workingSetBytes?.value ?? 0, usageBytes: memory?.usageBytes?.value ?? 0, rssBytes: memory?.rssBytes?.value ?? 0, pageFaults: memory?.pageFaults?.value ?? 0, majorPageFaults: memory?.majorPageFaults?.value ?? 0 },
    rootfs: { time, usedBytes: writableLayer?.usedBytes?.value ?? 0, inodesUsed: writableLayer?.inodesUsed?.value ?? 0 },
  };
}

export interface NodeUsage { readonly cpuNanoSeconds: number; readonly availableBytes: number; readonly freeBytes: number; readonly uptimeSeconds: number }

/** Clock ticks are 10 ms on every Linux we run on. */
const NANOSECONDS_PER_TICK = 1e7;

export async function nodeUsage(): Promise<NodeUsage> {
  const [memory, stat, uptime] = await Promise.all(['/proc/meminfo', '/proc/stat', '/proc/uptime'].map((path) => readFile(path, 'utf8').catch(() => '')));
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(memory ?? '')?.[1] ?? 0) * 1024;
  const ticks = (/^cpu +(.*)$/m.exec(stat ?? '')?.[1] ?? '').split(' ').map(Number);
  // user, nice, system, irq, softirq, steal: everything but idle and waiting.
  const busy = [0, 1, 2, 5, 6, 7].reduce((sum, index) => sum + (ticks[index] ?? 0), 0);
  return { cpuNanoSeconds: busy * NANOSECONDS_PER_TICK, availableBytes: bytes('MemAvailable'), freeBytes: bytes('MemFree'), uptimeSeconds: Number((uptime ?? '').split(' ')[0]) || 0 };
}
