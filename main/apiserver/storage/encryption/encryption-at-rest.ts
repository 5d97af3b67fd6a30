import { newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import { prefixRange } from '../../../etcd/mvcc/key-range.ts';
import type { Store } from '../../../etcd/store.ts';
import type { ValueTransformer } from '../object-storage-options.ts';
import type { EncryptionConfiguration, EncryptionProvider } from './encryption-configuration.ts';
import { isEncrypted, startsWith } from './identity-transformer.ts';
import { cipherOf, KeyUnavailableError, type Cipher } from './value-transformers.ts';

/** One key of one provider, with what its values begin with: `k8s:enc:secretbox:v1:key1:`. */
interface SealingKey {
  readonly prefix: Buffer;
  readonly cipher: StoredCipher;
}

/** One whose keys change by themselves tells which of its values are sealed with the present one. */
export type StoredCipher = Cipher & { readonly isCurrent?: (sealed: Uint8Array) => boolean };

/** What values begin with that a key management plugin has to do with. */
export function kmsPrefix(name: string): Buffer {
  return Buffer.from(`k8s:enc:kms:v2:${name}:`);
}

/** Which resources are encrypted, and how (upstream: apiserver/options/encryptionconfig). */
export class EncryptionAtRest {
  readonly #rules: readonly { readonly resources: readonly string[]; readonly transformer: KeyedTransformer }[];

  /** `kms` are the open plugins by name. */
  constructor({ resources }: EncryptionConfiguration, kms: ReadonlyMap<string, StoredCipher> = new Map()) {
    this.#rules = resources.map(({ resources: names, providers }) => ({ resources: names, transformer: new KeyedTransformer(providers, kms) }));
  }

  /** Undefined where nothing is said: such values stay as they are. */
  transformerFor({ group, resource }: { readonly group: string; readonly resource: string }): ValueTransformer | undefined {
    const name = group === '' ? resource : `${resource}.${group}`;
    return this.#rules.find(({ resources }) => resources.some((one) => one === name || one === '*.*' || one === `*.${group}`))?.transformer;
  }
}

/** Writes with the first key; reads with whichever the value names. */
class KeyedTransformer implements ValueTransformer {
  readonly #keys: readonly SealingKey[];
  /** The first provider is identity: what is written stays plain. */
  readonly #writesPlain: boolean;
  readonly #readsPlain: boolean;

  constructor(providers: readonly EncryptionProvider[], kms: ReadonlyMap<string, StoredCipher>) {
    this.#keys = providers.flatMap((provider): SealingKey[] => {
      if (provider.name === 'identity') return [];
      if (provider.name !== 'kms') return provider.keys.map(({ name, secret }) => ({ prefix: Buffer.from(`k8s:enc:${provider.name}:v1:${name}:`), cipher: cipherOf(provider.name, secret) }));
      const cipher = kms.get(provider.kms.name);
      if (!cipher) throw new Error(`KMS provider ${JSON.stringify(provider.kms.name)} is not open`);
      return [{ prefix: kmsPrefix(provider.kms.name), cipher }];
    });
    this.#writesPlain = providers[0]?.name === 'identity';
    this.#readsPlain = providers.some(({ name }) => name === 'identity');
  }

  toStorage(json: Uint8Array, key: string): Uint8Array {
    const [first] = this.#keys;
    if (this.#writesPlain || !first) return json;
    return Buffer.concat([first.prefix, first.cipher.encrypt(json, key)]);
  }

  fromStorage(value: Uint8Array, key: string): Uint8Array {
    if (!isEncrypted(value)) {
      if (this.#readsPlain) return value;
      throw unreadable(key, 'no matching prefix found');
    }
    const sealing = this.#keys.find(({ prefix }) => startsWith(value, prefix));
    if (!sealing) throw unreadable(key, `it is encrypted with the key ${namedKey(value)}, which the encryption configuration does not have`);
    try {
      return sealing.cipher.decrypt(value.subarray(sealing.prefix.length), key);
    } catch (error) {
      if (error instanceof KeyUnavailableError) throw unreadable(key, error.message, error);
      throw unreadable(key, `the key ${namedKey(value)} of the encryption configuration is not the one that it was encrypted with, or the value is damaged`);
    }
  }

  isCurrent(value: Uint8Array): boolean {
    const [first] = this.#keys;
    if (this.#writesPlain || !first) return !isEncrypted(value);
    return startsWith(value, first.prefix) && (first.cipher.isCurrent?.(value.subarray(first.prefix.length)) ?? true);
  }
}

function unreadable(key: string, why: string, cause?: Error): Error {
  return newInternalError(new Error(`unable to transform key ${JSON.stringify(key)}: ${why}`, { cause }));
}

/** Whether it will be read once a plugin is back. */
function isUnavailable(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) if (one instanceof KeyUnavailableError) return true;
  return false;
}

/** `"key1" (secretbox)`, from what the value begins with. */
function namedKey(value: Uint8Array): string {
  const [, , provider = '', , name = ''] = Buffer.from(value.subarray(0, 200)).toString('latin1').split(':');
  return `${JSON.stringify(name)} (${provider})`;
}

/**
 * Reads one value of each key that was ever used below the prefix: a server whose key is missing or wrong says so when it starts, and
 * not by Secrets that nobody can read.
 */
export async function checkReadable(store: Store, { prefix, transformer }: { readonly prefix: string; readonly transformer: ValueTransformer }): Promise<void> {
  const { kvs } = await store.range(prefixRange(prefix));
  const seen = new Set<string>();
  for (const { key, value } of kvs) {
    const header = isEncrypted(value) ? namedKey(value) : 'plain';
    if (seen.has(header)) continue;
    seen.add(header);
    try {
      transformer.fromStorage(value, key);
    } catch (error) {
      // A plugin that is away comes back.
      if (!isUnavailable(error)) throw error;
    }
  }
}
