import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type EncryptionConfiguration, readEncryptionConfiguration } from '../apiserver/storage/encryption/encryption-configuration.ts';
import { readIfExists, writeFileAtomic } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';

/** An EncryptionConfiguration of the user's own, in the data directory; it replaces the default. */
export const ENCRYPTION_CONFIGURATION_FILE = 'encryption-configuration.yaml';
const KEY_FILE = 'encryption.key';
const KEY_BYTES = 32;

/**
 * Secrets are encrypted in the store with a key that only the user can read (`pki/encryption.key`, 0600), made when there is none. What a
 * former version stored plain stays readable and is encrypted by its next write.
 */
export async function encryptionConfiguration(directory: Pick<DataDirectory, 'root' | 'pki'>): Promise<EncryptionConfiguration> {
  const file = join(directory.root, ENCRYPTION_CONFIGURATION_FILE);
  const text = await readIfExists(file);
  if (text !== undefined) {
    try {
      return readEncryptionConfiguration(parse(text));
    } catch (cause) {
      throw new Error(`Cannot use ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  const secret = await ensureKey(join(directory.pki, KEY_FILE));
  // Named after the key: another key in its place is then told as a missing one, not as damaged data.
  const name = `local-${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`;
  return { resources: [{ resources: ['secrets'], providers: [{ name: 'secretbox', keys: [{ name, secret }] }, { name: 'identity' }] }] };
}

async function ensureKey(file: string): Promise<Uint8Array> {
  const existing = await readIfExists(file);
  if (existing === undefined) {
    const key = randomBytes(KEY_BYTES);
    await writeFileAtomic(file, `${key.toString('base64')}\n`, 0o600);
    return key;
  }
  const key = Buffer.from(existing.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw new Error(`Cannot use ${file}: it must hold ${KEY_BYTES} bytes in base64, and holds ${key.length}`);
  return key;
}
