import { readFile } from 'node:fs/promises';
import type { NodeAgentConfiguration } from '../kube/api/coracle/v1/node-agent-configuration.ts';

export const DEFAULT_CONFIG_FILE = '/etc/coracle/agent.json';

const REQUIRED = ['nodeName', 'nodeIP', 'apiServer', 'clusterCA', 'bootstrapToken', 'proxyIdentity', 'clusterDomain', 'clusterDNS', 'serviceCIDR', 'clusterCIDR', 'containerRuntimeEndpoint'] as const;

const DEFAULTS = { kubeletPort: 10_250, clusterInterface: 'eth1', rootDirectory: '/var/lib/kubelet', maxPods: 110 } as const;

/** Reads and checks the agent's configuration; throws with the file's name and everything that is missing. */
export async function readConfiguration(path: string): Promise<NodeAgentConfiguration> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`Cannot read the agent's configuration "${path}"`, { cause: error });
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse the agent's configuration "${path}"`, { cause: error });
  }
  return parseConfiguration(parsed, path);
}

export function parseConfiguration(value: unknown, source: string): NodeAgentConfiguration {
  if (typeof value !== 'object' || value === null) throw new Error(`"${source}" is not a JSON object`);
  const given = value as Partial<NodeAgentConfiguration>;
  if (given.kind !== 'NodeAgentConfiguration' || given.apiVersion !== 'coracle.dev/v1') throw new Error(`"${source}" is not a coracle.dev/v1 NodeAgentConfiguration`);
  const missing = REQUIRED.filter((name) => given[name] === undefined || given[name] === '');
  if (missing.length > 0) throw new Error(`"${source}" lacks ${missing.join(', ')}`);
  return { ...DEFAULTS, ...given } as NodeAgentConfiguration;
}

/** `--config FILE` or `--config=FILE`. */
export function configFileOf(argv: readonly string[]): string {
  const index = argv.findIndex((argument) => argument === '--config' || argument.startsWith('--config='));
  if (index < 0) return DEFAULT_CONFIG_FILE;
  const argument = argv[index] ?? '';
  return argument.includes('=') ? argument.slice(argument.indexOf('=') + 1) : (argv[index + 1] ?? DEFAULT_CONFIG_FILE);
}
