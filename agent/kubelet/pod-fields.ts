import type { Container, Pod, ResourceFieldSelector } from '../../kube/api/generated/core/v1.ts';
import { quantityValue } from './quantity-value.ts';

export interface NodeFacts {
  readonly nodeName: string;
  readonly hostIPs: readonly string[];
  /** For limits that a container leaves open: the node's allocatable. */
  readonly allocatable: { readonly cpuMilli: number; readonly memoryBytes: number; readonly ephemeralStorageBytes: number };
}

const SUBSCRIPT = /^metadata\.(annotations|labels)\['(.*)'\]$/;

/** The value of a fieldRef; undefined for a path that this kubelet does not know. */
export function podFieldValue(pod: Pod, path: string, facts: NodeFacts & { readonly podIPs: readonly string[] }): string | undefined {
  const subscript = SUBSCRIPT.exec(path);
  if (subscript !== null) return pod.metadata[subscript[1] as 'annotations' | 'labels']?.[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name': return pod.metadata.name;
    case 'metadata.namespace': return pod.metadata.namespace ?? '';
    case 'metadata.uid': return pod.metadata.uid ?? '';
    case 'metadata.labels': return formatMap(pod.metadata.labels ?? {});
    case 'metadata.annotations': return formatMap(pod.metadata.annotations ?? {});
    case 'spec.nodeName': return pod.spec.nodeName ?? facts.nodeName;
    case 'spec.serviceAccountName': return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP': return facts.hostIPs[0] ?? '';
    case 'status.hostIPs': return facts.hostIPs.join(',');
    case 'status.podIP': return facts.podIPs[0] ?? '';
    case 'status.podIPs': return facts.podIPs.join(',');
    default: return undefined;
  }
}

/** One `key="value"` a line, sorted, the value quoted as Go's %q. */
export function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map).sort().map((key) => `${key}=${JSON.stringify(map[key])}`).join('\n');
}

export function resourceFieldValue(selector: ResourceFieldSelector, container: Container, { allocatable }: NodeFacts): string {
  const divisor = quantityValue(selector.divisor) || 1;
  const [kind, name = ''] = selector.resource.split('.') as ['limits' | 'requests', string?];
  const requested = container.resources?.[kind]?.[name];
  const fallback: Readonly<Record<string, number>> = { cpu: allocatable.cpuMilli / 1000, memory: allocatable.memoryBytes, 'ephemeral-storage': allocatable.ephemeralStorageBytes };
  const value = requested !== undefined ? quantityValue(requested) : kind === 'limits' ? (fallback[name] ?? 0) : quantityValue(container.resources?.limits?.[name]);
  return String(Math.ceil(Number((value / divisor).toPrecision(15))));
}
