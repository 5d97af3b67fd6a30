import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Kubelet } from '../kubelet.ts';
import type { MachineFacts } from '../node/machine-facts.ts';
import { latestContainer, readRuntimePod } from '../runtime-pod.ts';
import { readContainerLog } from './container-logs.ts';
import { logTarget } from './log-target.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { statsSummary } from './stats-summary.ts';

export interface RouteOptions {
  readonly kubelet: Kubelet;
  readonly machine: MachineFacts;
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

export async function handleRequest(options: RouteOptions): Promise<void> {
  const { request, response, kubelet, machine, clock } = options;
  const url = new URL(request.url ?? '/', 'https://node');
  const [, verb = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  switch (verb) {
    case 'healthz': return text(response, 200, 'ok');
    case 'pods': return json(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: kubelet.workers.pods().map((pod) => ({ ...pod, status: kubelet.statuses.status(pod.metadata.uid ?? '') ?? pod.status })) });
    case 'containerLogs': return containerLogs(options, url, rest);
    case 'run': return runCommand(options, url, rest);
    case 'stats': return json(response, await statsSummary({ runtime: kubelet.context.runtime, nodeName: kubelet.context.config.nodeName, machine, nowMs: clock.now() }));
    case 'metrics':
      if (rest.length > 0 && rest[0] !== 'resource') return text(response, 404, '404 page not found\n');
      return text(response, 200, await resourceMetrics({ runtime: kubelet.context.runtime, nowMs: clock.now() }));
    default: return text(response, 404, '404 page not found\n');
  }
}

function text(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function containerLogs({ kubelet, response, clock, signal }: RouteOptions, url: URL, [namespace = '', podName = '', containerName = '']: readonly string[]): Promise<void> {
  const pod = kubelet.pod(namespace, podName);
  if (pod === undefined) return text(response, 404, `pod "${podName}" does not exist\n`);
  const known = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])].some(({ name }) => name === containerName);
  if (!known) return text(response, 404, `container "${containerName}" not found in pod "${podName}"\n`);
  const { searchParams } = url;
  const flag = (name: string): boolean => ['true', '1'].includes(searchParams.get(name) ?? '');
  const status = kubelet.statuses.status(pod.metadata.uid ?? '') ?? pod.status ?? {};
  const target = logTarget({ pod, status, containerName, previous: flag('previous') });
  if ('problem' in target) return text(response, 400, `${target.problem}\n`);
  const { runtime } = kubelet.context;
  const container = await runtime.containerStatus(target.containerId).catch(() => undefined);
  if (container === undefined || container.logPath === '') return text(response, 400, `unable to retrieve container logs for containerd://${target.containerId}\n`);
  const number = (name: string): number | undefined => (searchParams.has(name) ? Number(searchParams.get(name)) : undefined);
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = searchParams.get('sinceTime');
  const stream = { Stdout: 'stdout', Stderr: 'stderr' }[searchParams.get('stream') ?? ''] as 'stdout' | 'stderr' | undefined;
  const lines = readContainerLog({
    path: container.logPath, follow: flag('follow') && !flag('previous'), timestamps: flag('timestamps'), tailLines: number('tailLines'), limitBytes: number('limitBytes'), stream, clock, signal,
    sinceMs: sinceSeconds !== undefined ? clock.now() - sinceSeconds * 1000 : sinceTime !== null ? Date.parse(sinceTime) : undefined,
    isRunning: async () => (await runtime.containerStatus(target.containerId).catch(() => undefined))?.state === 'CONTAINER_RUNNING',
  });
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  for await (const line of lines) {
    if (!response.write(line)) await drained(response, signal);
    if (signal.aborted) return;
  }
  response.end();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    response.once('drain', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

/** Runs a command without a terminal and answers all it wrote. */
async function runCommand({ kubelet, response, signal }: RouteOptions, url: URL, [namespace = '', podName = '', containerName = '']: readonly string[]): Promise<void> {
  const pod = kubelet.pod(namespace, podName);
  const { runtime } = kubelet.context;
  const container = pod === undefined ? undefined : latestContainer(await readRuntimePod(runtime, pod.metadata.uid ?? ''), containerName);
  if (container === undefined) return text(response, 404, `container not found ("${containerName}")\n`);
  const { stdout, stderr, exitCode } = await runtime.execSync({ containerId: container.id, command: (url.searchParams.get('cmd') ?? '').split(' '), timeoutSeconds: 0, signal });
  const output = Buffer.concat([stdout, stderr]).toString('utf8');
  if (exitCode === 0) text(response, 200, output);
  else text(response, 500, `command '${url.searchParams.get('cmd')}' exited with ${exitCode}: ${output}`);
}
