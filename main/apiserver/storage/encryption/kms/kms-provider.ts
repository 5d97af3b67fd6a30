import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../../../kube/apimachinery/clock.ts';
import { type Cipher, cipherOf, KeyUnavailableError } from '../value-transformers.ts';
import type { EncryptedKey, KmsService } from './kms-service.ts';
import { seedCipher } from './seed-cipher.ts';
import { WireMessage, writeMessage } from './wire-message.ts';

export interface KmsProviderOptions {
  readonly name: string;
  readonly service: KmsService;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
}

/** Of EncryptedObject.encryptedDEKSourceType. */
const AES_GCM_KEY = 0;
const SEED = 1;
const SEED_BYTES = 32;
/** Upstream's intervals: the plugin is asked each minute, more often while it fails; a seed it has not confirmed for three minutes seals nothing new. */
const HEALTHY_MS = 60_000;
const FAILING_MS = 10_000;
const SEED_LIFETIME_MS = 180_000;
const MAX_BYTES = 1024;

interface Writer {
  readonly key: EncryptedKey;
  readonly cipher: Cipher;
  readonly expiresAtMs: number;
}

/**
 * Envelope encryption (KEP-3299): values are sealed with a seed of our own, which the plugin has encrypted and which stands, so encrypted, beside each
 * value. Only this server writes the store, so all seeds in it are known from the start ({@link KmsProvider.learn}) and values are read without asking.
 * While the plugin is away nothing is sealed, and what it has not opened yet cannot be read.
 */
export class KmsProvider implements Cipher, AsyncDisposable {
  readonly name: string;
  readonly #options: KmsProviderOptions;
  readonly #stop = new AbortController();
  readonly #ciphers = new Map<string, Cipher>();
  /** Seeds that the plugin has not opened yet. */
  readonly #sealed = new Map<string, { readonly key: EncryptedKey; readonly type: number }>();
  #writer: Writer | undefined;
  #failure: string | undefined;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: KmsProviderOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** The plugin may be away, or not well: {@link KmsProvider.check} tells. */
  static async open(options: KmsProviderOptions): Promise<KmsProvider> {
    const provider = new KmsProvider(options);
    await provider.#refreshOrReport();
    provider.#loop = provider.#keepFresh();
    return provider;
  }

  /** Has the seeds of stored values decrypted, each once; those that cannot be are tried again as long as the plugin lives. */
  async learn(sealed: Iterable<Uint8Array>): Promise<void> {
    for (const bytes of sealed) {
      const object = new WireMessage(bytes);
      const id = sourceOf(object);
      if (!this.#ciphers.has(id)) this.#sealed.set(id, { key: keyOf(object), type: object.number(5) });
    }
    if (this.#failure === undefined) await this.#unseal();
  }

  async #unseal(): Promise<void> {
    for (const [id, { key, type }] of this.#sealed) {
      try {
        const plain = await this.#options.service.decrypt(key);
        this.#ciphers.set(id, type === AES_GCM_KEY ? cipherOf('aesgcm', plain) : seedCipher(plain));
        this.#sealed.delete(id);
      } catch (error) {
        this.#options.reportError(error, `KMS provider ${this.name}: a stored key cannot be decrypted`);
      }
    }
  }

  encrypt(plain: Uint8Array, storageKey: string): Uint8Array {
    const writer = this.#writer;
    if (writer === undefined || writer.expiresAtMs < this.#options.clock.monotonicMs()) throw new Error(`the key of KMS provider ${JSON.stringify(this.name)} has expired: ${this.#failure ?? 'it does not answer'}`);
    const { ciphertext, keyId, annotations } = writer.key;
    return writeMessage([[1, writer.cipher.encrypt(plain, storageKey)], [2, keyId], [3, ciphertext], [4, annotations], [5, SEED]]);
  }

  decrypt(sealed: Uint8Array, storageKey: string): Uint8Array {
    const object = new WireMessage(sealed);
    const cipher = this.#ciphers.get(sourceOf(object));
    if (cipher === undefined) throw new KeyUnavailableError(`failed to decrypt DEK, error: ${this.#failure ?? `KMS Provider ${this.name} does not decrypt it`}`);
    return cipher.decrypt(object.bytes(1), storageKey);
  }

  isCurrent(sealed: Uint8Array): boolean {
    const object = new WireMessage(sealed);
    return object.text(2) === this.#writer?.key.keyId && object.number(5) === SEED;
  }

  /** Throws when the plugin was not well when it was last asked. */
  check(): void {
    if (this.#failure !== undefined) throw new Error(this.#failure);
  }

  async #keepFresh(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(this.#failure === undefined ? HEALTHY_MS : FAILING_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#refreshOrReport();
    }
  }

  async #refreshOrReport(): Promise<void> {
    try {
      await this.#refresh();
      await this.#unseal();
    } catch (error) {
      this.#options.reportError(error, `KMS provider ${this.name}`);
    }
  }

  /** A new key of the plugin's means a new seed of ours. */
  async #refresh(): Promise<void> {
    const { service, clock } = this.#options;
    try {
      const { version, healthz, keyId } = await service.status();
      if (version !== 'v2' && version !== 'v2beta1') throw new Error(`expected KMSv2 API version v2, got ${version}`);
      if (healthz !== 'ok') throw new Error(`got unexpected healthz status: ${healthz}`);
      checkKeyId(keyId);
      const expiresAtMs = clock.monotonicMs() + SEED_LIFETIME_MS;
      if (this.#writer?.key.keyId === keyId) this.#writer = { ...this.#writer, expiresAtMs };
      else this.#writer = { ...(await this.#newSeed()), expiresAtMs };
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = `failed to perform status section of the healthz check for KMS Provider ${this.name}, error: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new Error(this.#failure, { cause });
    }
  }

  async #newSeed(): Promise<Pick<Writer, 'key' | 'cipher'>> {
    const seed = randomBytes(SEED_BYTES);
    const key = await this.#options.service.encrypt(seed);
    checkKeyId(key.keyId);
    if (key.ciphertext.length === 0 || key.ciphertext.length > MAX_BYTES) throw new Error(`the encrypted key has ${key.ciphertext.length} bytes; it must have 1 to ${MAX_BYTES}`);
    const cipher = seedCipher(seed);
    this.#ciphers.set(idOf(key, SEED), cipher);
    return { key, cipher };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await this.#loop;
    this.#options.service[Symbol.dispose]();
  }
}

function checkKeyId(keyId: string): void {
  if (keyId === '' || Buffer.byteLength(keyId) > MAX_BYTES) throw new Error(`the key ID has ${Buffer.byteLength(keyId)} bytes; it must have 1 to ${MAX_BYTES}`);
}

function sourceOf(object: WireMessage): string {
  return idOf(keyOf(object), object.number(5));
}

function keyOf(object: WireMessage): EncryptedKey {
  return { ciphertext: object.bytes(3), keyId: object.text(2), annotations: object.map(4) };
}

function idOf({ ciphertext, keyId, annotations }: EncryptedKey, type: number): string {
  return JSON.stringify([type, keyId, Buffer.from(ciphertext).toString('base64'), ...Object.entries(annotations).sort().map(([key, value]) => [key, Buffer.from(value).toString('base64')])]);
}
