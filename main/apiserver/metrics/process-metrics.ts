import { readdirSync, readFileSync } from 'node:fs';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { versionInfo } from '../version.ts';

/** What every process tells of itself (process_…), what Node tells in place of Go's runtime (nodejs_…), and the build. */
export function registerProcessMetrics(registry: MetricsRegistry): void {
  const gauge = (name: string, help: string, value: () => number | undefined): void =>
    registry.collect('gauge', { name, help }, () => {
      const current = value();
      return current === undefined ? [] : [{ value: current }];
    });
  registry.collect('counter', { name: 'process_cpu_seconds_total', help: 'User and system CPU time of the process.' }, () => {
    const { user, system } = process.cpuUsage();
    return [{ value: (user + system) / 1e6 }];
  });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_virtual_memory_bytes', 'Virtual memory.', () => virtualMemory());
  gauge('process_start_time_seconds', 'When the process began, since the epoch.', () => startedAtMs() / 1000);
  gauge('process_virtual_memory_max_bytes', 'Most virtual memory that may be had.', () => limitOf('Max address space', 2 ** 64));
  gauge('process_open_fds', 'Open file descriptors.', () => openDescriptors());
  gauge('process_max_fds', 'Most file descriptors that may be open.', () => limitOf('Max open files', Infinity));
  let before = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_utilization', 'Part of the time since the last reading that the event loop was busy.', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_heap_size_total_bytes', 'Heap reserved.', () => process.memoryUsage().heapTotal);
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap that the heap refers to.', () => process.memoryUsage().external);
  registerBuild(registry);
}

function registerBuild(registry: MetricsRegistry): void {
  const { buildDate = '', compiler = '', gitCommit = '', gitTreeState = '', gitVersion = '', goVersion = '', major = '', minor = '', platform = '', minCompatibilityMajor = '', minCompatibilityMinor = '' } = versionInfo();
  registry
    .gauge({ name: 'kubernetes_build_info', stability: 'BETA', help: 'Always 1; the labels say which build it is.', labels: ['major', 'minor', 'git_version', 'git_commit', 'git_tree_state', 'build_date', 'go_version', 'compiler', 'platform'] })
    .with(major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform)
    .set(1);
  registry
    .gauge({ name: 'version_info', stability: 'ALPHA', help: 'Always 1; the labels say which versions the component speaks.', labels: ['component', 'binary', 'emulation', 'min_compat'] })
    .with('kube', /\d+\.\d+\.\d+/.exec(gitVersion)?.[0] ?? '', `${major}.${minor}`, `${minCompatibilityMajor}.${minCompatibilityMinor}`)
    .set(1);
}

/** The registry's own size, by what the metrics promise. Nothing is hidden or disabled here. */
export function registerRegistryMetrics(registry: MetricsRegistry): void {
  registry.collect('counter', { name: 'registered_metrics_total', stability: 'BETA', help: 'Metrics by stability.', labels: ['stability_level', 'deprecated_version'] }, () =>
    [...registry.countByStability()].map(([stability, value]) => ({ labels: [stability, ''], value })));
  for (const what of ['hidden', 'disabled']) registry.counter({ name: `${what}_metrics_total`, stability: 'BETA', help: `Metrics that are ${what}.` });
}

export function startedAtMs(): number {
  return performance.timeOrigin;
}

/** The rest is known on Linux only; elsewhere the metric is left out. */
function procFile(name: string): string | undefined {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

function virtualMemory(): number | undefined {
  const pages = procFile('statm')?.split(' ')[0];
  return pages === undefined ? undefined : Number(pages) * 4096;
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

function limitOf(name: string, unlimited: number): number | undefined {
  const value = new RegExp(`^${name}\\s+(\\d+|unlimited)`, 'm').exec(procFile('limits') ?? '')?.[1];
  return value === undefined ? undefined : value === 'unlimited' ? unlimited : Number(value);
}

/** Features of 1.36 that this server has on, by name and stage. */
const FEATURES: readonly (readonly [string, '' | 'BETA'])[] = [
  ['APIResponseCompression', 'BETA'], ['AnonymousAuthConfigurableEndpoints', ''], ['AuthorizeNodeWithSelectors', ''], ['AuthorizeWithSelectors', ''],
  ['CRDValidationRatcheting', ''], ['ComponentFlagz', 'BETA'], ['ComponentStatusz', 'BETA'], ['ConsistentListFromCache', ''], ['CustomResourceFieldSelectors', ''],
  ['MutatingAdmissionPolicy', ''], ['OpenAPIEnums', 'BETA'], ['OrderedNamespaceDeletion', ''], ['PodTopologyLabelsAdmission', 'BETA'], ['RetryGenerateName', ''],
  ['SizeBasedListCostEstimate', 'BETA'], ['StorageVersionHash', 'BETA'], ['StreamingCollectionEncodingToJSON', ''], ['WatchList', 'BETA'],
];

export function registerFeatures(registry: MetricsRegistry): void {
  const enabled = registry.gauge({ name: 'kubernetes_feature_enabled', stability: 'BETA', help: '1 for features that are on.', labels: ['name', 'stage'] });
  for (const [name, stage] of FEATURES) enabled.with(name, stage).set(1);
}
