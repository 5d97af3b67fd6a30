import { addQuantities, compareQuantities, parseQuantity, type Quantity, quantityFromValue, quantityMilliValue, quantityValue } from '../../../kube/apimachinery/quantity.ts';
import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { Refusal } from './pod-status.ts';

const ZERO = quantityFromValue(0);
/** In what unit upstream's messages count a resource. */
const CHECKED = [
  { name: 'cpu', amount: quantityMilliValue },
  { name: 'memory', amount: quantityValue },
] as const;

/** The kubelet's last look before a pod begins: the scheduler may have been bypassed (upstream: pkg/kubelet/lifecycle/predicate.go). */
export function admitPod(pod: Pod, { node, others }: { readonly node: Node; readonly others: readonly Pod[] }): Refusal | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const maxPods = Number(allocatable['pods'] ?? Infinity);
  if (others.length + 1 > maxPods) return outOf('pods', { wanted: 1, used: others.length, capacity: maxPods });
  for (const { name, amount } of CHECKED) {
    const wanted = requestOf(pod, name);
    const capacity = allocatable[name];
    if (wanted.nano === 0n || capacity === undefined) continue;
    const used = others.reduce((sum, other) => addQuantities(sum, requestOf(other, name)), ZERO);
    if (compareQuantities(addQuantities(used, wanted), parseQuantity(capacity)) > 0) {
      return outOf(name, { wanted: amount(wanted), used: amount(used), capacity: amount(parseQuantity(capacity)) });
    }
  }
  return conflictingPort(pod, others);
}

function outOf(name: string, { wanted, used, capacity }: { readonly wanted: number; readonly used: number; readonly capacity: number }): Refusal {
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}` };
}

/** Containers and sidecars together, or the largest init container. */
function requestOf({ spec }: Pod, name: string): Quantity {
  const init = spec.initContainers ?? [];
  const of = (container: { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }): Quantity => {
    const request = container.resources?.requests?.[name];
    return request === undefined ? ZERO : parseQuantity(request);
  };
  const together = [...spec.containers, ...init.filter(({ restartPolicy }) => restartPolicy === 'Always')].reduce((sum, container) => addQuantities(sum, of(container)), ZERO);
  return init.map(of).reduce((most, request) => (compareQuantities(request, most) > 0 ? request : most), together);
}

interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

function hostPorts(pod: Pod): readonly HostPort[] {
  return pod.spec.containers.flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, protocol = 'TCP', hostIP = '' }) => (hostPort ? [{ ip: hostIP === '' ? '0.0.0.0' : hostIP, protocol, port: hostPort }] : [])),
  );
}

function conflictingPort(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  const taken = others.flatMap(hostPorts);
  const collide = (a: HostPort, b: HostPort): boolean => a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
  return wanted.some((mine) => taken.some((its) => collide(mine, its))) ? { reason: 'NodePorts', message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" } : undefined;
}
