import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { NodeConnection } from '../driver.ts';

export const agentPaths = { bundle: '/opt/coracle/agent.mjs', configuration: '/etc/coracle/agent.json', pidFile: '/run/coracle-agent.pid', log: '/var/log/coracle-agent.log' } as const;

/** Digests of what the node has, one program's start instead of two uploads; absent files print nothing. */
const askDigests = ['sh', '-c', `sha256sum ${agentPaths.bundle} ${agentPaths.configuration} 2>/dev/null; true`];

/**
 * Makes the node run this agent with this configuration: uploads what differs and ends the running agent, which the node's init starts again.
 * Does nothing on a node that is up to date.
 */
export async function provisionAgent(connection: NodeConnection, options: { readonly bundlePath: string; readonly configuration: NodeAgentConfiguration; readonly signal: AbortSignal }): Promise<{ readonly changed: boolean }> {
  const { signal } = options;
  const bundle = await readFile(options.bundlePath).catch((cause: Error) => { throw new Error(`Cannot read the agent bundle: ${cause.message}`, { cause }); });
  const files = [
    { path: agentPaths.bundle, source: bundle, mode: 0o644 },
    { path: agentPaths.configuration, source: agentConfigurationFile(options.configuration), mode: 0o600 },
  ];
  const present = (await connection.exec(askDigests, { signal })).stdout;
  let changed = false;
  for (const { path, source, mode } of files) {
    if (present.includes(`${createHash('sha256').update(source).digest('hex')}  ${path}`)) continue;
    await connection.upload({ path, source, mode, signal });
    changed = true;
  }
  if (changed) await connection.exec(['sh', '-c', `kill "$(cat ${agentPaths.pidFile} 2>/dev/null)" 2>/dev/null; true`], { signal });
  return { changed };
}

export function agentConfigurationFile(configuration: NodeAgentConfiguration): Buffer {
  return Buffer.from(`${JSON.stringify(configuration, null, 1)}\n`);
}
