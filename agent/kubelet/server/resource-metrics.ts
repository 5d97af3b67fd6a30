import os from 'node:os';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import { POD_NAMESPACE_LABEL, POD_NAME_LABEL } from '../runtime-labels.ts';
import { nodeUsage } from './stats-summary.ts';

interface Sample { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** /metrics/resource in the Prometheus text format: what a metrics server reads for `kubectl top`. */
export async function resourceMetrics({ runtime, nowMs }: { readonly runtime: RuntimeService; readonly nowMs: number }): Promise<string> {
  const [stats, node] = await Promise.all([runtime.listContainerStats(), nodeUsage()]);
  const cpu: Sample[] = [];
  const memory: Sample[] = [];
  const podCpu = new Map<string, Sample>();
  const podMemory = new Map<string, Sample>();
  for (const { attributes, cpu: cpuUsage, memory: memoryUsage } of stats) {
    const pod = { namespace: attributes.labels[POD_NAMESPACE_LABEL] ?? '', pod: attributes.labels[POD_NAME_LABEL] ?? '' };
    const labels = { container: attributes.metadata.name, ...pod };
    const seconds = (cpuUsage?.usageCoreNanoSeconds?.value ?? 0) / 1e9;
    const bytes = memoryUsage?.workingSetBytes?.value ?? 0;
    cpu.push({ labels, value: seconds });
    memory.push({ labels, value: bytes });
    const key = `${pod.namespace}/${pod.pod}`;
    podCpu.set(key, { labels: pod, value: (podCpu.get(key)?.value ?? 0) + seconds });
    podMemory.set(key, { labels: pod, value: (podMemory.get(key)?.value ?? 0) + bytes });
  }
  const family = (name: string, kind: 'counter' | 'gauge', help: string, samples: Iterable<Sample>): string =>
    `# HELP ${name} [STABLE] ${help}\n# TYPE ${name} ${kind}\n${[...samples].map(({ labels, value }) => `${name}${formatLabels(labels)} ${value} ${nowMs}\n`).join('')}`;
  return [
    family('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the container in core-seconds', cpu),
    family('container_memory_working_set_bytes', 'gauge', 'Current working set of the container in bytes', memory),
    family('node_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the node in core-seconds', [{ labels: {}, value: node.cpuNanoSeconds / 1e9 }]),
    family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', [{ labels: {}, value: os.totalmem() - node.availableBytes }]),
    family('pod_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the pod in core-seconds', podCpu.values()),
    family('pod_memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', podMemory.values()),
    '# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise\n# TYPE resource_scrape_error gauge\nresource_scrape_error 0\n',
  ].join('');
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return entries.length === 0 ? '' : `{${entries.join(',')}}`;
}
