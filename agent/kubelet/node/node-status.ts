import { COMPONENT_VERSION } from '../../../kube/apimachinery/version.ts';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Node, NodeCondition, NodeStatus } from '../../../kube/api/generated/core/v1.ts';
import type { Image, RuntimeHandler, RuntimeVersion } from '../../runtime/cri-types.ts';
import { formatTime } from '../status/container-statuses.ts';
import { allocatableMemory } from './machine-facts.ts';
import type { MachineFacts } from './machine-facts.ts';


export interface NodePressure { readonly memory: boolean; readonly disk: boolean; readonly pid: boolean }

export interface NodeStatusInput {
  readonly config: NodeAgentConfiguration;
  readonly machine: MachineFacts;
  readonly runtimeVersion: RuntimeVersion | undefined;
  readonly handlers: readonly RuntimeHandler[];
  readonly images: readonly Image[];
  /** Empty when the node is ready. */
  readonly problems: readonly string[];
  readonly pressure: NodePressure;
  readonly previous: NodeStatus | undefined;
  readonly nowMs: number;
}

/** Upstream's nodeStatusMaxImages. */
const MAX_IMAGES = 50;
const MAX_NAMES_PER_IMAGE = 5;

/** The Node's status. Pure; times move only where something changed, heartbeats always. */
export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { config, machine, runtimeVersion, handlers } = input;
  const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(config.maxPods) };
  return {
    addresses: [{ type: 'InternalIP', address: config.nodeIP }, { type: 'Hostname', address: config.nodeName }],
    capacity: { cpu: String(machine.cpus), memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`, 'ephemeral-storage': `${Math.floor(machine.ephemeralStorageBytes / 1024)}Ki`, ...common },
    allocatable: { cpu: String(machine.cpus), memory: `${Math.floor(allocatableMemory(machine) / 1024)}Ki`, 'ephemeral-storage': String(Math.floor(machine.ephemeralStorageBytes * 0.9)), ...common },
    conditions: nodeConditions(input),
    daemonEndpoints: { kubeletEndpoint: { Port: config.kubeletPort } },
    images: imageList(input.images),
    nodeInfo: {
      machineID: machine.machineID, systemUUID: machine.systemUUID, bootID: machine.bootID, kernelVersion: machine.kernelVersion, osImage: machine.osImage,
      containerRuntimeVersion: runtimeVersion === undefined ? 'containerd://Unknown' : `${runtimeVersion.runtimeName}://${runtimeVersion.runtimeVersion}`,
      kubeletVersion: COMPONENT_VERSION, kubeProxyVersion: '', operatingSystem: 'linux', architecture: machine.architecture,
    },
    ...(handlers.length > 0 && { runtimeHandlers: handlers.map(({ name, features }) => ({ name, ...(features && { features: { recursiveReadOnlyMounts: features.recursiveReadOnlyMounts, userNamespaces: features.userNamespaces } }) })) }),
  };
}

function nodeConditions({ problems, pressure, previous, nowMs }: NodeStatusInput): NodeCondition[] {
  const now = formatTime(nowMs);
  const verdicts = [
    pressure.memory ? { type: 'MemoryPressure', status: 'True', reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' } : { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
    pressure.disk ? { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' } : { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
    pressure.pid ? { type: 'PIDPressure', status: 'True', reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' } : { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
    problems.length > 0 ? { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]` } : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  return verdicts.map((verdict) => {
    const old = previous?.conditions?.find(({ type }) => type === verdict.type);
    return { ...verdict, lastHeartbeatTime: now, lastTransitionTime: old?.status === verdict.status && old.lastTransitionTime ? old.lastTransitionTime : now };
  });
}

function imageList(images: readonly Image[]): { names: string[]; sizeBytes: number }[] {
  return [...images].sort((a, b) => b.size - a.size).slice(0, MAX_IMAGES)
    .map(({ repoDigests, repoTags, size }) => ({ names: [...repoDigests, ...repoTags].slice(0, MAX_NAMES_PER_IMAGE), sizeBytes: size }))
    .filter(({ names }) => names.length > 0);
}

/** Equal but for heartbeats: nothing worth a write before the report is due. */
export function sameStatus(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const strip = (status: NodeStatus | undefined): string => JSON.stringify({ ...status, conditions: status?.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime: '' })) });
  return strip(a) === strip(b);
}

/** The Node object as this machine registers itself. */
export function newNode({ config, machine }: { readonly config: NodeAgentConfiguration; readonly machine: MachineFacts }): Node {
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name: config.nodeName, labels: nodeLabels(config, machine), annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
    spec: (config.taints ?? []).length > 0 ? { taints: (config.taints ?? []).map((taint) => ({ ...taint })) } : {},
  } as Node;
}

export function nodeLabels(config: NodeAgentConfiguration, machine: MachineFacts): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture, 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': config.nodeName, 'kubernetes.io/os': 'linux', ...config.labels,
  };
}
