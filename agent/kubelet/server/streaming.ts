import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Kubelet } from '../kubelet.ts';
import { latestContainer, readRuntimePod } from '../runtime-pod.ts';
import { serveRemoteCommand } from './remote-command-socket.ts';
import { serveTunnel, TUNNEL_PROTOCOL } from './spdy-tunnel.ts';
import { proxyUpgrade, refuseUpgrade } from './upgrade.ts';

export interface UpgradeOptions {
  readonly kubelet: Kubelet;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Newest first; what a client offers beside these goes to the runtime as it is. */
const REMOTE_COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** exec, attach and portForward: finds the container, asks the runtime for a stream, and joins the two. */
export async function handleUpgrade(options: UpgradeOptions): Promise<void> {
  const { kubelet, request, socket } = options;
  const url = new URL(request.url ?? '/', 'https://node');
  const [, verb = '', namespace = '', podName = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const pod = kubelet.pod(namespace, podName);
  if (pod === undefined) return refuseUpgrade(socket, { code: 404, reason: 'NotFound', message: `pod does not exist` });
  const runtimePod = await readRuntimePod(kubelet.context.runtime, pod.metadata.uid ?? '');
  if (verb === 'portForward') {
    const sandbox = runtimePod.sandboxes.find(({ state }) => state === 'SANDBOX_READY');
    if (sandbox === undefined) return refuseUpgrade(socket, { code: 404, reason: 'NotFound', message: `sandbox not found for pod "${podName}_${namespace}(${pod.metadata.uid})"` });
    const ports = url.searchParams.getAll('ports').concat(url.searchParams.getAll('port')).flatMap((value) => value.split(',')).map(Number).filter((port) => port > 0);
    return portForward(options, await kubelet.context.runtime.portForward(sandbox.id, ports));
  }
  if (verb !== 'exec' && verb !== 'attach') return refuseUpgrade(socket, { code: 404, reason: 'NotFound', message: `404 page not found` });
  const containerName = rest.at(-1) ?? '';
  const container = latestContainer(runtimePod, containerName);
  if (container === undefined) return refuseUpgrade(socket, { code: 404, reason: 'NotFound', message: `container not found ("${containerName}")` });
  const flag = (...names: readonly string[]): boolean => names.some((name) => ['1', 'true'].includes(url.searchParams.get(name) ?? ''));
  const streams = { stdin: flag('stdin', 'input'), stdout: flag('stdout', 'output'), stderr: flag('stderr', 'error'), tty: flag('tty') };
  // A terminal has one output; the runtime refuses stderr beside it.
  const asked = { ...streams, containerId: container.id, stderr: streams.stderr && !streams.tty };
  const target = verb === 'exec' ? await kubelet.context.runtime.exec({ ...asked, cmd: url.searchParams.getAll('command') }) : await kubelet.context.runtime.attach(asked);
  const protocol = REMOTE_COMMAND_PROTOCOLS.find((name) => offeredProtocols(request).includes(name));
  if (!isWebSocket(request) || protocol === undefined) return proxyUpgrade({ ...options, url: target });
  await acceptWebSocket(options, protocol, (accepted) => serveRemoteCommand({ socket: accepted, url: target, ...streams }));
}

async function portForward(options: UpgradeOptions, url: string): Promise<void> {
  if (isWebSocket(options.request) && offeredProtocols(options.request).includes(TUNNEL_PROTOCOL)) await acceptWebSocket(options, TUNNEL_PROTOCOL, (accepted) => serveTunnel(accepted, url));
  else proxyUpgrade({ ...options, url });
}

function isWebSocket(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'websocket';
}

function offeredProtocols(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

/** Resolves when `serve` does, which is called in the turn in which the socket opens. */
function acceptWebSocket({ request, socket, head }: UpgradeOptions, protocol: string, serve: (socket: WebSocket) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => protocol });
  return new Promise((resolve, reject) => server.handleUpgrade(request, socket, head, (accepted) => serve(accepted).then(resolve, reject)));
}
