import type { Node } from '../../../kube/api/generated/core/v1.ts';
import { isReady } from '../../pod-summary.ts';
import type { Tone } from '../../pod-summary.ts';

export interface NodeState {
  readonly ready: boolean;
  /** The STATUS that `kubectl get nodes` prints. */
  readonly text: string;
  readonly tone: Tone;
  readonly roles: string;
  readonly address: string;
  readonly memory: string;
}

const rolePrefix = 'node-role.kubernetes.io/';

export function nodeState(node: Node): NodeState {
  const condition = node.status?.conditions?.find((entry) => entry.type === 'Ready');
  const ready = isReady(node);
  const base = ready ? 'Ready' : condition?.status === 'Unknown' || condition === undefined ? (condition === undefined ? 'Joining' : 'Unknown') : 'NotReady';
  const cordoned = node.spec.unschedulable === true;
  return {
    ready,
    text: cordoned ? `${base},SchedulingDisabled` : base,
    tone: ready ? (cordoned ? 'idle' : 'good') : base === 'Unknown' ? 'bad' : 'busy',
    roles: Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(rolePrefix)).map((label) => label.slice(rolePrefix.length)).join(',') || '–',
    address: node.status?.addresses?.find((entry) => entry.type === 'InternalIP')?.address ?? '–',
    memory: formatMemory(node.status?.capacity?.['memory']),
  };
}

const units: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, k: 1e3, M: 1e6, G: 1e9 };

/** `8127144Ki` as `7.8 GiB`. */
export function formatMemory(quantity: string | undefined): string {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G)?$/u.exec(quantity ?? '');
  if (match === null) return '–';
  const bytes = Number(match[1]) * (units[match[2] ?? ''] ?? 1);
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
