import { parseDuration } from '../../../../kube/apimachinery/duration.ts';
import type { ProviderName } from './value-transformers.ts';

/** apiserver.config.k8s.io/v1 EncryptionConfiguration, read and checked (upstream: apiserver/options/encryptionconfig). */
export interface EncryptionConfiguration {
  readonly resources: readonly EncryptedResources[];
}

export interface EncryptedResources {
  /** `secrets`, `things.example.com`, `*.apps`, `*.`: all of the core group, `*.*`: all. */
  readonly resources: readonly string[];
  /** The first writes, all read. */
  readonly providers: readonly EncryptionProvider[];
}

export type EncryptionProvider =
  | { readonly name: 'identity' }
  | { readonly name: 'kms'; readonly kms: KmsConfiguration }
  | { readonly name: ProviderName; readonly keys: readonly { readonly name: string; readonly secret: Uint8Array }[] };

/** A key management plugin, version 2. */
export interface KmsConfiguration {
  readonly name: string;
  /** `unix:///run/kms.sock` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

const DEFAULT_KMS_TIMEOUT = '3s';
const KEY_SIZES: Readonly<Record<ProviderName, readonly number[]>> = { aescbc: [16, 24, 32], aesgcm: [16, 24, 32], secretbox: [32] };
const PROVIDERS = ['aescbc', 'aesgcm', 'secretbox', 'kms', 'identity'];

/** Thrown with the field and what is wrong with it; never with a key. */
export class EncryptionConfigurationError extends Error {
  override readonly name = 'EncryptionConfigurationError';
}

/** `value` is the parsed YAML or JSON. */
export function readEncryptionConfiguration(value: unknown): EncryptionConfiguration {
  const { kind, apiVersion, resources } = recordOf(value, 'the encryption configuration');
  if (kind !== 'EncryptionConfiguration' || apiVersion !== 'apiserver.config.k8s.io/v1') {
    throw new EncryptionConfigurationError('must be kind EncryptionConfiguration of apiserver.config.k8s.io/v1');
  }
  const list = listOf(resources, 'resources');
  if (list.length === 0) throw new EncryptionConfigurationError('resources: Required value: encryption configuration must specify at least one resource');
  const read = list.map((entry, index) => readResources(entry, `resources[${index}]`));
  checkUnique(read);
  return { resources: read };
}

function readResources(value: unknown, path: string): EncryptedResources {
  const { resources, providers } = recordOf(value, path);
  const names = listOf(resources, `${path}.resources`).map((name, index) => checkedName(name, `${path}.resources[${index}]`));
  if (names.length === 0) throw new EncryptionConfigurationError(`${path}.resources: Required value: encryption configuration must specify at least one resource`);
  const read = listOf(providers, `${path}.providers`).map((provider, index) => readProvider(provider, `${path}.providers[${index}]`));
  if (read.length === 0) throw new EncryptionConfigurationError(`${path}.providers: Required value: provider can not be empty`);
  return { resources: names, providers: read };
}

function checkedName(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw new EncryptionConfigurationError(`${path}: Invalid value: resource must not be empty`);
  if (value === '*' || /[A-Z]/.test(value) || (value.includes('*') && !/^\*\.(\*|[a-z0-9.-]*)$/.test(value))) {
    throw new EncryptionConfigurationError(`${path}: Invalid value: ${JSON.stringify(value)}: use '*.*' to encrypt all resources, '*.<group>' to encrypt a group, and lower case names`);
  }
  return value;
}

function readProvider(value: unknown, path: string): EncryptionProvider {
  const given = Object.entries(recordOf(value, path)).filter(([, settings]) => settings !== undefined);
  if (given.length !== 1) throw new EncryptionConfigurationError(`${path}: Invalid value: ${given.length === 0 ? 'provider does not contain any of the expected providers' : 'provider can only specify one provider'}: ${PROVIDERS.join(', ')}`);
  const [name, settings] = given[0] as [string, unknown];
  if (name === 'identity') return { name };
  if (name === 'kms') return { name, kms: readKms(recordOf(settings, `${path}.kms`), `${path}.kms`) };
  if (name !== 'aescbc' && name !== 'aesgcm' && name !== 'secretbox') throw new EncryptionConfigurationError(`${path}.${name}: this provider is not supported; use ${PROVIDERS.join(', ')}`);
  const keys = listOf(recordOf(settings, `${path}.${name}`)['keys'], `${path}.${name}.keys`).map((key, index) => readKey(key, { provider: name, path: `${path}.${name}.keys[${index}]` }));
  if (keys.length === 0) throw new EncryptionConfigurationError(`${path}.${name}.keys: Required value: at least one key is required`);
  if (new Set(keys.map((key) => key.name)).size < keys.length) throw new EncryptionConfigurationError(`${path}.${name}.keys: two keys have one name`);
  return { name, keys };
}

function readKms({ apiVersion, name, endpoint, timeout = DEFAULT_KMS_TIMEOUT, cachesize }: Readonly<Record<string, unknown>>, path: string): KmsConfiguration {
  if (apiVersion !== 'v2') throw new EncryptionConfigurationError(`${path}.apiVersion: Invalid value: ${JSON.stringify(apiVersion ?? 'v1')}: only v2 is supported`);
  if (typeof name !== 'string' || name === '') throw new EncryptionConfigurationError(`${path}.name: Required value: provider can not be empty`);
  if (name.includes(':')) throw new EncryptionConfigurationError(`${path}.name: Invalid value: ${JSON.stringify(name)}: invalid provider name ${name}, must not contain ':'`);
  if (typeof endpoint !== 'string' || endpoint === '') throw new EncryptionConfigurationError(`${path}.endpoint: Required value: endpoint is a required field`);
  if (!endpoint.startsWith('unix://')) throw new EncryptionConfigurationError(`${path}.endpoint: Invalid value: ${JSON.stringify(endpoint)}: unsupported scheme ${JSON.stringify(endpoint.split(':')[0])} for KMS provider`);
  const timeoutMs = durationOf(timeout);
  if (!(timeoutMs > 0)) throw new EncryptionConfigurationError(`${path}.timeout: Invalid value: ${JSON.stringify(timeout)}: should be a positive value`);
  if (cachesize !== undefined) throw new EncryptionConfigurationError(`${path}.cachesize: Invalid value: ${String(cachesize)}: cachesize is not supported in v2`);
  return { name, endpoint, timeoutMs };
}

/** NaN when it is none. */
function durationOf(value: unknown): number {
  try {
    return parseDuration(String(value));
  } catch {
    return NaN;
  }
}

function readKey(value: unknown, { provider, path }: { readonly provider: ProviderName; readonly path: string }): { readonly name: string; readonly secret: Uint8Array } {
  const { name, secret } = recordOf(value, path);
  if (typeof name !== 'string' || name === '' || name.includes(':')) throw new EncryptionConfigurationError(`${path}.name: a key needs a name without colons`);
  if (typeof secret !== 'string' || secret === '') throw new EncryptionConfigurationError(`${path}.secret: Required value: secret`);
  const bytes = Buffer.from(secret, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== secret.trim().replace(/=+$/, '')) throw new EncryptionConfigurationError(`${path}.secret: secrets must be base64 encoded`);
  const sizes = KEY_SIZES[provider];
  if (!sizes.includes(bytes.length)) throw new EncryptionConfigurationError(`${path}.secret: secret is not of the expected length, got ${bytes.length}, expected one of [${sizes.join(' ')}]`);
  return { name, secret: bytes };
}

/** What the first entry covers, a later one can never decide. */
function checkUnique(entries: readonly EncryptedResources[]): void {
  const seen = new Set<string>();
  for (const name of entries.flatMap(({ resources }) => resources)) {
    const group = name.includes('.') ? name.slice(name.indexOf('.')) : '.';
    if (seen.has(name) || seen.has('*.*') || seen.has(`*${group}`)) throw new EncryptionConfigurationError(`resources: Invalid value: ${JSON.stringify(name)}: an earlier entry covers it already`);
    seen.add(name);
  }
}

function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new EncryptionConfigurationError(`${path}: must be an object`);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new EncryptionConfigurationError(`${path}: must be a list`);
  return value as readonly unknown[];
}
