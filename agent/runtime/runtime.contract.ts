import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerConfig, PodSandboxConfig } from './cri-types.ts';
import { isRuntimeNotFound } from './runtime-service.ts';
import type { ImageService, RuntimeService } from './runtime-service.ts';

export interface RuntimeUnderTest extends AsyncDisposable {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  /** Is there already, runs `sleep`. */
  readonly image: string;
  readonly logDirectory: string;
  readonly cgroupParent: string;
}

/** What the kubelet relies on; containerd and the fake both pass. */
export function runtimeContract(name: string, open: () => Promise<RuntimeUnderTest>): void {
  describe(`container runtime: ${name}`, () => {
    let under: RuntimeUnderTest;
    let sandboxId: string;
    let config: PodSandboxConfig;
    const labels = { 'io.kubernetes.pod.uid': 'contract-uid' };

    beforeAll(async () => {
      under = await open();
      config = {
        metadata: { name: 'contract', uid: 'contract-uid', namespace: 'test', attempt: 0 }, hostname: 'contract', logDirectory: under.logDirectory, portMappings: [], labels, annotations: {},
        linux: { cgroupParent: under.cgroupParent, sysctls: {}, securityContext: { namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' }, supplementalGroups: [], privileged: false } },
      };
      sandboxId = await under.runtime.runPodSandbox(config);
    });
    afterAll(async () => {
      await under?.runtime.removePodSandbox(sandboxId);
      await under?.[Symbol.asyncDispose]();
    });

    const containerConfig = (attempt: number): ContainerConfig => ({
      metadata: { name: 'main', attempt }, image: { image: under.image }, command: ['sleep', '600'], args: [], workingDir: '', envs: [], mounts: [], devices: [], labels, annotations: { a: 'b' },
      logPath: `main-${attempt}.log`, stdin: false, stdinOnce: false, tty: false,
      linux: { resources: {}, securityContext: { privileged: false, namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' }, readonlyRootfs: false, supplementalGroups: [], noNewPrivs: false, maskedPaths: [], readonlyPaths: [], seccomp: { profileType: 'Unconfined' } } },
    });
    const create = (attempt: number): Promise<string> => under.runtime.createContainer({ podSandboxId: sandboxId, config: containerConfig(attempt), sandboxConfig: config });

    it('says that it and its network are ready', async () => {
      const { conditions } = await under.runtime.status();
      expect(conditions.filter(({ type }) => type === 'RuntimeReady' || type === 'NetworkReady').map(({ status }) => status)).toEqual([true, true]);
    });

    it('gives a sandbox an address and finds it by its labels', async () => {
      const status = await under.runtime.podSandboxStatus(sandboxId);
      expect(status.state).toBe('SANDBOX_READY');
      expect(status.network?.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect((await under.runtime.listPodSandbox({ labelSelector: labels })).map(({ id }) => id)).toContain(sandboxId);
      expect(await under.runtime.listPodSandbox({ labelSelector: { 'io.kubernetes.pod.uid': 'other' } })).toEqual([]);
    });

    it('takes a container from created to running to exited, keeping its labels and attempt', async () => {
      const id = await create(3);
      expect((await under.runtime.containerStatus(id)).state).toBe('CONTAINER_CREATED');
      await under.runtime.startContainer(id);
      const running = await under.runtime.containerStatus(id);
      expect(running).toMatchObject({ state: 'CONTAINER_RUNNING', metadata: { name: 'main', attempt: 3 }, annotations: { a: 'b' } });
      expect(running.startedAt).toBeGreaterThan(0);
      await under.runtime.stopContainer(id, 0);
      const exited = await under.runtime.containerStatus(id);
      expect(exited.state).toBe('CONTAINER_EXITED');
      expect(exited.exitCode).toBeGreaterThan(128);
      expect(exited.finishedAt).toBeGreaterThanOrEqual(exited.startedAt);
      await under.runtime.removeContainer(id);
    });

    it('stops and removes what is not there without an error, and reports its status as not found', async () => {
      await under.runtime.stopContainer('nosuch', 0);
      await under.runtime.removeContainer('nosuch');
      await under.runtime.removePodSandbox('nosuch');
      await expect(under.runtime.containerStatus('nosuch')).rejects.toSatisfy(isRuntimeNotFound);
      await expect(under.runtime.podSandboxStatus('nosuch')).rejects.toSatisfy(isRuntimeNotFound);
    });

    it('runs a command in a running container', async () => {
      const id = await create(4);
      await under.runtime.startContainer(id);
      expect((await under.runtime.execSync({ containerId: id, command: ['true'], timeoutSeconds: 5 })).exitCode).toBe(0);
      await under.runtime.stopContainer(id, 0);
      await under.runtime.removeContainer(id);
    });

    it('tells of a container that starts', async () => {
      const stop = new AbortController();
      const seen = Promise.withResolvers<string>();
      const listening = (async () => {
        for await (const event of under.runtime.containerEvents(stop.signal)) {
          if (event.containerEventType === 'CONTAINER_STARTED_EVENT') seen.resolve(event.podSandboxStatus?.metadata.uid ?? '');
        }
      })().catch(() => undefined);
      const id = await create(5);
      await under.runtime.startContainer(id);
      expect(await seen.promise).toBe('contract-uid');
      stop.abort(new Error('done'));
      await listening;
      await under.runtime.stopContainer(id, 0);
      await under.runtime.removeContainer(id);
    });

    it('answers undefined for an image that is not there', async () => {
      expect(await under.images.imageStatus('registry.invalid/nosuch:1')).toBeUndefined();
      expect((await under.images.imageStatus(under.image))?.id).toMatch(/^sha256:/);
    });
  });
}
