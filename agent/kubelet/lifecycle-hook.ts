import type { Container, LifecycleHandler, Pod } from '../../kube/api/generated/core/v1.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { resolvePort } from './prober/probe-target.ts';
import { httpProbe } from './prober/http-probe.ts';

export interface HookOptions {
  readonly handler: LifecycleHandler;
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string | undefined;
  readonly timeoutMs: number | undefined;
  /** Given up when the pod goes away. */
  readonly signal?: AbortSignal;
}

/** Without a limit of its own a postStart hook may hang a container for this long at most. */
const MAX_HOOK_MS = 3_600_000;

/** Runs a postStart or preStop handler; resolves with why it failed, undefined when it did not. */
export async function runHook(context: KubeletContext, options: HookOptions): Promise<string | undefined> {
  const { handler, pod, container, containerId, podIP, timeoutMs = MAX_HOOK_MS, signal } = options;
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? [];
    try {
      const { exitCode, stdout, stderr } = await context.runtime.execSync({ containerId, command, timeoutSeconds: Math.ceil(timeoutMs / 1000), signal });
      if (exitCode === 0) return undefined;
      const output = Buffer.concat([stdout, stderr]).toString('utf8');
      return `Exec lifecycle hook (${command.join(' ')}) for Container "${container.name}" in Pod "${pod.metadata.name}" failed - error: command '${command.join(' ')}' exited with ${exitCode}: ${output}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  if (handler.httpGet !== undefined) {
    const { host, port, path = '/', scheme = 'HTTP', httpHeaders = [] } = handler.httpGet;
    const outcome = await httpProbe({ scheme: scheme as 'HTTP' | 'HTTPS', host: host || podIP || context.facts.hostIPs[0] || '127.0.0.1', port: resolvePort(port, container), path, headers: httpHeaders, timeoutMs, userAgent: 'kube-lifecycle/1.36' });
    return outcome.result === 'failure' ? outcome.output : undefined;
  }
  if (handler.sleep !== undefined) {
    await context.clock.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs), signal);
    return undefined;
  }
  return undefined;
}
