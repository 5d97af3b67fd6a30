import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { milliValue, wholeValue } from './quantity-value.ts';
import type { MachineFacts } from './node/machine-facts.ts';

export interface Refusal { readonly reason: string; readonly message: string }

/** A last look before a pod starts: the scheduler may have been bypassed or raced (upstream: pkg/kubelet/lifecycle/predicate.go). */
export function admitPod({ pod, others, config, machine }: { readonly pod: Pod; readonly others: readonly Pod[]; readonly config: NodeAgentConfiguration; readonly machine: MachineFacts }): Refusal | undefined {
  if (others.length + 1 > config.maxPods) return outOf('pods', 1, others.length, config.maxPods);
  const checks = [
    { name: 'cpu', amount: (of: Pod) => requested(of, 'cpu', milliValue), capacity: machine.cpus * 1000 },
    { name: 'memory', amount: (of: Pod) => requested(of, 'memory', wholeValue), capacity: machine.memoryBytes },
  ];
  for (const { name, amount, capacity } of checks) {
    const wanted = amount(pod);
    if (wanted === 0) continue;
    const used = others.reduce((sum, other) => sum + amount(other), 0);
    if (used + wanted > capacity) return outOf(name, wanted, used, capacity);
  }
  return conflictingPort(pod, others) ?? forbiddenSysctl(pod);
}

/** Namespaced and harmless to other pods (upstream: pkg/kubelet/sysctl/safe_sysctls.go). */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem',
]);

function forbiddenSysctl(pod: Pod): Refusal | undefined {
  const unsafe = (pod.spec.securityContext?.sysctls ?? []).find(({ name }) => !SAFE_SYSCTLS.has(name.replaceAll('/', '.')));
  return unsafe === undefined ? undefined : { reason: 'SysctlForbidden', message: `forbidden sysctl: "${unsafe.name}" not allowlisted` };
}

function outOf(name: string, wanted: number, used: number, capacity: number): Refusal {
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}` };
}

/** Containers and sidecars together, or the largest init container. */
function requested(pod: Pod, name: string, value: (quantity: string | undefined) => number): number {
  const init = pod.spec.initContainers ?? [];
  const of = (container: { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }): number => value(container.resources?.requests?.[name]);
  const together = [...pod.spec.containers, ...init.filter(({ restartPolicy }) => restartPolicy === 'Always')].reduce((sum, container) => sum + of(container), 0);
  return Math.max(together, ...init.map(of));
}

function hostPorts(pod: Pod): readonly string[] {
  return pod.spec.containers.flatMap((container) => (container.ports ?? []).flatMap(({ hostPort, protocol = 'TCP', hostIP = '' }) => (hostPort ? [`${hostIP === '0.0.0.0' ? '' : hostIP}/${protocol}/${hostPort}`] : [])));
}

function conflictingPort(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const mine = hostPorts(pod);
  if (mine.length === 0) return undefined;
  const taken = new Set(others.flatMap(hostPorts));
  return mine.some((port) => taken.has(port)) ? { reason: 'NodePorts', message: 'Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports' } : undefined;
}
