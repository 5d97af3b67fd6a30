import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import { containerHash } from './container-config.ts';
import { CONTAINER_NAME_LABEL, HASH_ANNOTATION, RESTART_COUNT_ANNOTATION } from './runtime-labels.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';

/** Builders for the kubelet's tests: small objects with what the code under test looks at. */
export function testPod(spec: Partial<Pod['spec']> = {}, overrides: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1', generation: 1 },
    spec: { containers: [testContainer('main')], restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', nodeName: 'node-1', ...spec },
    ...overrides,
  } as Pod;
}

export function testContainer(name: string, overrides: Partial<Container> = {}): Container {
  return { name, image: 'busybox:1', imagePullPolicy: 'IfNotPresent', ...overrides } as Container;
}

export interface TestRuntimeContainer {
  readonly name: string;
  readonly state?: RuntimeContainer['state'];
  readonly exitCode?: number;
  readonly attempt?: number;
  readonly sandbox?: string;
  readonly image?: string;
  readonly id?: string;
}

/** Containers are given oldest first. */
export function testRuntimePod({ sandboxReady = true, sandboxes = 1, containers = [], ip = '10.244.0.5' }: { readonly sandboxReady?: boolean; readonly sandboxes?: number; readonly containers?: readonly TestRuntimeContainer[]; readonly ip?: string } = {}): RuntimePod {
  const list = Array.from({ length: sandboxes }, (_, attempt) => ({
    id: `sandbox-${attempt}`, metadata: { name: 'web', uid: 'uid-1', namespace: 'default', attempt }, state: sandboxReady && attempt === sandboxes - 1 ? 'SANDBOX_READY' as const : 'SANDBOX_NOTREADY' as const,
    createdAt: attempt + 1, labels: {}, annotations: {}, network: { ip, additionalIps: [] }, linux: null,
  })).toReversed();
  return { uid: 'uid-1', name: 'web', namespace: 'default', sandboxes: list, containers: containers.map(toRuntimeContainer).toReversed(), ips: sandboxReady && sandboxes > 0 && ip !== '' ? [ip] : [] };
}

function toRuntimeContainer({ name, state = 'CONTAINER_RUNNING', exitCode = 0, attempt = 0, sandbox = 'sandbox-0', image = 'busybox:1', id }: TestRuntimeContainer, index: number): RuntimeContainer {
  return {
    id: id ?? `${name}-${attempt}`, podSandboxId: sandbox, metadata: { name, attempt }, state, createdAt: (index + 1) * 1e9, startedAt: (index + 1) * 1e9,
    finishedAt: state === 'CONTAINER_EXITED' ? (index + 2) * 1e9 : 0, exitCode, image: { image: `docker.io/library/${image}` }, imageRef: 'sha256:1', imageId: 'sha256:1',
    reason: state === 'CONTAINER_EXITED' ? (exitCode === 0 ? 'Completed' : 'Error') : '', message: '', labels: { [CONTAINER_NAME_LABEL]: name },
    annotations: { [HASH_ANNOTATION]: containerHash({ name, image } as Container), [RESTART_COUNT_ANNOTATION]: String(attempt) }, mounts: [], logPath: '',
  };
}
