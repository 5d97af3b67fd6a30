import net from 'node:net';
import type { Container, Pod, Probe } from '../../../kube/api/generated/core/v1.ts';
import { GRPC_DEADLINE_EXCEEDED, RuntimeError } from '../../runtime/runtime-service.ts';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import { expand } from '../expand.ts';
import { grpcProbe } from './grpc-probe.ts';
import { goDialError, httpProbe } from './http-probe.ts';
import { resolvePort } from './probe-target.ts';

/** `unknown`: the probe itself could not be made; it counts neither way. */
export interface ProbeOutcome { readonly result: 'success' | 'failure' | 'unknown'; readonly output: string }

export interface RunProbeOptions {
  readonly runtime: RuntimeService;
  readonly pod: Pod;
  readonly container: Container;
  readonly probe: Probe;
  readonly containerId: string;
  readonly podIP: string;
}

/** One attempt (upstream: pkg/kubelet/prober/prober.go runProbe). */
export async function runProbe({ runtime, container, probe, containerId, podIP }: RunProbeOptions): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec !== undefined) return await execProbe({ runtime, containerId, command: (probe.exec.command ?? []).map((part) => expand(part, () => undefined)), timeoutMs });
    if (probe.httpGet !== undefined) {
      const { host, port, path = '', scheme = 'HTTP', httpHeaders = [] } = probe.httpGet;
      return await httpProbe({ scheme: scheme as 'HTTP' | 'HTTPS', host: host || podIP, port: resolvePort(port, container), path, headers: httpHeaders, timeoutMs });
    }
    if (probe.tcpSocket !== undefined) return await tcpProbe({ host: probe.tcpSocket.host || podIP, port: resolvePort(probe.tcpSocket.port, container), timeoutMs });
    if (probe.grpc !== undefined) return await grpcProbe({ host: podIP, port: probe.grpc.port, service: probe.grpc.service ?? '', timeoutMs });
    return { result: 'success', output: '' };
  } catch (error) {
    return { result: 'unknown', output: error instanceof Error ? error.message : String(error) };
  }
}

async function execProbe({ runtime, containerId, command, timeoutMs }: { runtime: RuntimeService; containerId: string; command: readonly string[]; timeoutMs: number }): Promise<ProbeOutcome> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync({ containerId, command, timeoutSeconds: Math.ceil(timeoutMs / 1000) });
    return { result: exitCode === 0 ? 'success' : 'failure', output: Buffer.concat([stdout, stderr]).toString('utf8').slice(0, 10 * 1024) };
  } catch (error) {
    const timedOut = error instanceof RuntimeError && (error.code === GRPC_DEADLINE_EXCEEDED || error.description.includes('timeout') && error.description.includes('exceeded'));
    if (timedOut) return { result: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` };
    throw error;
  }
}

function tcpProbe({ host, port, timeoutMs }: { host: string; port: number; timeoutMs: number }): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const address = `${host}:${port}`;
    const socket = net.connect({ host, port });
    const finish = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(timeoutMs, () => finish({ result: 'failure', output: `dial tcp ${address}: i/o timeout` }));
    socket.once('connect', () => finish({ result: 'success', output: '' }));
    socket.once('error', (error) => finish({ result: 'failure', output: goDialError(error, address) }));
  });
}
