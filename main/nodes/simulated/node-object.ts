import { COMPONENT_VERSION } from '../../../kube/apimachinery/version.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Node } from '../../../kube/api/generated/core/v1.ts';

export const CAPACITY = { cpu: '32', memory: '256Gi', 'ephemeral-storage': '1Ti', 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: '110' } as const;

/** 10.89.0.(10 + index), running on into the next third octet in clusters of hundreds. */
export function nodeAddress(index: number): string {
  const host = 10 + index;
  return `10.89.${Math.floor(host / 256)}.${host % 256}`;
}

/** What the kubelet of a simulated machine registers. */
export function simulatedNode(machine: { readonly name: string; readonly index: number; readonly labels?: Readonly<Record<string, string>> }, nowMs: number): Node {
  const { name, index } = machine;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'coracle.dev/driver': 'simulated',
        ...machine.labels,
      },
    },
    spec: {},
    status: simulatedNodeStatus({ name, index }, nowMs),
  };
}

export function simulatedNodeStatus({ name, index }: { readonly name: string; readonly index: number }, nowMs: number): NonNullable<Node['status']> {
  const now = formatTime(nowMs);
  const fine = (type: string, reason: string, message: string) => ({ type, status: 'False', reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
  return {
    capacity: { ...CAPACITY },
    allocatable: { ...CAPACITY },
    addresses: [
      { type: 'InternalIP', address: nodeAddress(index) },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', lastHeartbeatTime: now, lastTransitionTime: now },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'simulated://1.0.0',
      kernelVersion: 'simulated',
      kubeProxyVersion: '',
      kubeletVersion: COMPONENT_VERSION,
      machineID: name,
      operatingSystem: 'linux',
      osImage: 'Coracle simulated node',
      systemUUID: name,
    },
  };
}
