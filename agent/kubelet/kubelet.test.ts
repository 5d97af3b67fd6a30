import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeededRandom } from '../../kube/apimachinery/seeded-random.ts';
import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import { configmaps, pods } from '../../kube/api/generated/core/v1.ts';
import type { ConfigMap, ContainerStatus, Pod, PodStatus } from '../../kube/api/generated/core/v1.ts';
import type { EventInput } from '../../kube/client/event-recorder.ts';
import { FakeClient } from '../../kube/client/fake-client.ts';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';
import { FakeRuntime } from '../runtime/fake.ts';
import { systemClock as clock } from '../system-clock.ts';
import { Cgroups } from './cgroups.ts';
import { Kubelet } from './kubelet.ts';
import { testContainer, testPod } from './testing.ts';

const config = { nodeName: 'node-1', nodeIP: '10.89.0.11', clusterDomain: 'cluster.local', clusterDNS: ['10.96.0.10'], maxPods: 110 } as unknown as NodeAgentConfiguration;
const machine = { cpus: 2, memoryBytes: 2 ** 31, ephemeralStorageBytes: 2 ** 33, architecture: 'amd64', kernelVersion: '6', osImage: 'x', machineID: '', systemUUID: '', bootID: '', hugepageSizes: [] };

let directory: string;
let runtime: FakeRuntime;
let client: FakeClient;
let events: EventInput[];
let stack: AsyncDisposableStack;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coracle-kubelet-'));
  await mkdir(join(directory, 'cgroup'));
  runtime = new FakeRuntime({ images: ['docker.io/library/busybox:1'] });
  client = new FakeClient({ clock });
  events = [];
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  await rm(directory, { recursive: true, force: true });
});

/** A kubelet over the fake runtime; stopping it leaves pods running, as an agent's restart does. */
function startKubelet(): { readonly kubelet: Kubelet; stop(): Promise<void> } {
  const random = new SeededRandom(1);
  const informers = new SharedInformerFactory({ client, clock, random });
  const kubelet = new Kubelet({
    config, client, informers, runtime, images: runtime, clock, random, machine, networkProblem: () => undefined, recorder: { event: (event) => void events.push(event) },
    cgroups: new Cgroups({ root: join(directory, 'cgroup') }), paths: { podsDirectory: join(directory, 'pods'), logsDirectory: join(directory, 'logs'), resolvConf: join(directory, 'resolv.conf') },
  });
  const abort = new AbortController();
  informers.start(abort.signal);
  const run = kubelet.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort(new Error('stop'));
    await run;
    await informers[Symbol.asyncDispose]();
  };
  stack.defer(stop);
  return { kubelet, stop };
}

async function status(check: (status: PodStatus) => void): Promise<void> {
  await vi.waitFor(async () => check((await client.get(pods, { namespace: 'default', name: 'web' })).status ?? {}), { timeout: 8000, interval: 10 });
}
const only = (podStatus: PodStatus): ContainerStatus | undefined => podStatus.containerStatuses?.[0];
const reasons = (): readonly string[] => events.map(({ reason }) => reason);
const containerId = (name: string): string => [...runtime.containers.values()].findLast((container) => container.config.metadata.name === name)?.id ?? '';
const create = (pod: Pod): Promise<Pod> => client.create(pods, pod);

describe('Kubelet', () => {
  it('runs a pod, restarts what crashes, and holds it back the second time', async () => {
    startKubelet();
    await create(testPod());
    await status((podStatus) => expect(podStatus).toMatchObject({ phase: 'Running', podIP: '10.244.0.2', containerStatuses: [{ ready: true, restartCount: 0 }] }));
    expect(reasons()).toEqual(['Pulled', 'Created', 'Started']);
    runtime.exitContainer(containerId('main'), 1);
    await status((podStatus) => expect(only(podStatus)).toMatchObject({ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }));
    runtime.exitContainer(containerId('main'), 1);
    await status((podStatus) => expect(only(podStatus)?.state?.waiting).toMatchObject({ reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container=main pod=web_default(uid-1)' }));
    expect(reasons()).toContain('BackOff');
  });

  it('runs init containers one after the other, then the containers', async () => {
    startKubelet();
    await create(testPod({ initContainers: [testContainer('i1'), testContainer('i2')] }));
    for (const name of ['i1', 'i2']) {
      await vi.waitFor(() => expect(runtime.containers.get(containerId(name))?.state).toBe('CONTAINER_RUNNING'));
      expect(containerId('main')).toBe('');
      runtime.exitContainer(containerId(name), 0);
    }
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
  });

  it('ends a pod that has finished, and lets it go from the API when it is deleted', async () => {
    const { kubelet } = startKubelet();
    await create(testPod({ restartPolicy: 'Never' }));
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    runtime.exitContainer(containerId('main'), 0);
    await status((podStatus) => expect(podStatus.phase).toBe('Succeeded'));
    expect(runtime.containers.size).toBe(1);
    await client.delete(pods, { namespace: 'default', name: 'web' });
    await vi.waitFor(() => expect([runtime.sandboxes.size, runtime.containers.size, kubelet.workers.pods().length]).toEqual([0, 0, 0]));
  });

  it('stops a deleted pod within its grace period and tells the API at last', async () => {
    startKubelet();
    const pod = testPod();
    await create({ ...pod, metadata: { ...pod.metadata, finalizers: ['test/keep'] } });
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    await client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 7 });
    await vi.waitFor(() => expect(client.calls.filter(({ verb, resource }) => verb === 'delete' && resource === 'pods').length).toBeGreaterThan(1));
    expect(runtime.calls.some((call) => call.startsWith('stopContainer main'))).toBe(true);
    expect(reasons()).toContain('Killing');
    await status((podStatus) => expect(podStatus.phase).toBe('Failed'));
  });

  it('adopts what runs after the agent restarts', async () => {
    const first = startKubelet();
    await create(testPod());
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    const before = containerId('main');
    await first.stop();
    startKubelet();
    await status((podStatus) => expect(only(podStatus)).toMatchObject({ restartCount: 0, ready: true }));
    expect(containerId('main')).toBe(before);
    expect(runtime.calls.filter((call) => call.startsWith('createContainer'))).toHaveLength(1);
  });

  it('brings the same pod back after the machine was switched off', async () => {
    const first = startKubelet();
    await create(testPod());
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    await first.stop();
    runtime.reboot();
    startKubelet();
    await status((podStatus) => expect(only(podStatus)).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 255 } } }));
    expect([...runtime.sandboxes.values()].filter(({ ready }) => ready)).toHaveLength(1);
  });

  it('finishes a deletion that happened while the agent was down', async () => {
    const first = startKubelet();
    await create(testPod());
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    await first.stop();
    await client.delete(pods, { namespace: 'default', name: 'web' });
    const { kubelet } = startKubelet();
    await kubelet.workers.removeOrphans(new Set(['uid-1']));
    expect([runtime.sandboxes.size, runtime.containers.size]).toEqual([0, 0]);
  });

  it.each([
    { name: 'ErrImagePull', container: { image: 'nosuch:1' }, reason: 'ErrImagePull' },
    { name: 'ErrImageNeverPull', container: { image: 'nosuch:1', imagePullPolicy: 'Never' }, reason: 'ErrImageNeverPull' },
    { name: 'InvalidImageName', container: { image: 'Not Valid' }, reason: 'InvalidImageName' },
    { name: 'CreateContainerConfigError', container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'no', key: 'x' } } }] }, reason: 'CreateContainerConfigError' },
  ])('says $name when a container cannot be started', async ({ container, reason }) => {
    runtime.onPull = () => {
      throw new Error('no such host');
    };
    startKubelet();
    await create(testPod({ containers: [testContainer('main', container)] }));
    await status((podStatus) => expect(only(podStatus)?.state?.waiting?.reason).toBe(reason));
    expect(reasons()).toContain('Failed');
  });

  it('waits for a volume’s ConfigMap and then mounts it', async () => {
    startKubelet();
    await create(testPod({ containers: [testContainer('main', { volumeMounts: [{ name: 'cfg', mountPath: '/cfg' }] })], volumes: [{ name: 'cfg', configMap: { name: 'cm' } }] }));
    await vi.waitFor(() => expect(events.find(({ reason }) => reason === 'FailedMount')?.message).toBe('MountVolume.SetUp failed for volume "cfg" : configmap "cm" not found'));
    await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'default' }, data: { a: '1' } } as ConfigMap);
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    const mount = [...runtime.containers.values()][0]?.config.mounts.find(({ containerPath }) => containerPath === '/cfg');
    expect(mount).toMatchObject({ readonly: true, hostPath: join(directory, 'pods/uid-1/volumes/kubernetes.io~configmap/cfg') });
  });

  it('refuses a sysctl that could harm other pods', async () => {
    startKubelet();
    await create(testPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }));
    await status((podStatus) => expect(podStatus).toMatchObject({ phase: 'Failed', reason: 'SysctlForbidden', message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted' }));
  });

  it('refuses a pod that does not fit', async () => {
    startKubelet();
    await create(testPod({ containers: [testContainer('main', { resources: { requests: { cpu: '3' } } })] }));
    await status((podStatus) => expect(podStatus).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000" }));
    expect(runtime.sandboxes.size).toBe(0);
  });

  it('restarts a container whose liveness probe fails', async () => {
    let alive = true;
    runtime.onExec = () => ({ exitCode: alive ? 0 : 1, stderr: 'dead' });
    startKubelet();
    await create(testPod({ containers: [testContainer('main', { livenessProbe: { exec: { command: ['check'] }, periodSeconds: 0.02, failureThreshold: 2, timeoutSeconds: 1 } })] }));
    await status((podStatus) => expect(podStatus.phase).toBe('Running'));
    alive = false;
    await vi.waitFor(() => expect(events.some(({ message }) => message === 'Container main failed liveness probe, will be restarted')).toBe(true));
    alive = true;
    await status((podStatus) => expect(only(podStatus)).toMatchObject({ restartCount: 1, state: { running: {} } }));
    expect(events.some(({ reason, message }) => reason === 'Unhealthy' && message === 'Liveness probe failed: dead')).toBe(true);
  });
});
