import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import type { Store } from '../../../etcd/store.ts';
import type { ValueTransformer } from '../object-storage-options.ts';
import type { EncryptionConfiguration } from './encryption-configuration.ts';
import { checkReadable, EncryptionAtRest } from './encryption-at-rest.ts';
import { identityTransformer } from './identity-transformer.ts';
import { type KmsProviders, openKmsProviders } from './kms/open-kms-providers.ts';

type Resource = { readonly group: string; readonly resource: string };

export interface LiveEncryptionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
  /** What the server knows from its start, and where in the store: no configuration is taken that could not read it. */
  readonly resources: readonly { readonly resource: Resource; readonly prefix: string }[];
}

interface Generation {
  readonly encryption: EncryptionAtRest;
  readonly kms: KmsProviders;
}

/** The encryption of all resources, which can be replaced while the server runs (upstream: --encryption-provider-config-automatic-reload). */
export class LiveEncryption implements AsyncDisposable {
  readonly #options: LiveEncryptionOptions;
  readonly #transformers = new Map<string, LiveTransformer>();
  #generation: Generation;
  /** Reloads are one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: LiveEncryptionOptions, generation: Generation) {
    this.#options = options;
    this.#generation = generation;
  }

  /** Rejects when the store cannot be read with it. */
  static async open(configuration: EncryptionConfiguration, options: LiveEncryptionOptions): Promise<LiveEncryption> {
    return new LiveEncryption(options, await openGeneration(configuration, options, ({ encryption, resource }) => encryption.transformerFor(resource) !== undefined));
  }

  /** The plugins of the present configuration. */
  get kms(): KmsProviders['byName'] {
    return this.#generation.kms.byName;
  }

  /** Follows every reload. */
  transformerFor(resource: Resource): ValueTransformer {
    const key = `${resource.resource}.${resource.group}`;
    let known = this.#transformers.get(key);
    if (!known) this.#transformers.set(key, (known = new LiveTransformer(resource, this.#generation.encryption)));
    return known;
  }

  /** From now on values are written as it says, and read as either says until they are. Rejects, and keeps the present one, when what is stored could not be read with it. */
  reload(configuration: EncryptionConfiguration): Promise<void> {
    const next = this.#last.then(async () => {
      const generation = await openGeneration(configuration, this.#options, () => true);
      const { kms } = this.#generation;
      this.#generation = generation;
      for (const transformer of this.#transformers.values()) transformer.follow(generation.encryption);
      await kms[Symbol.asyncDispose]();
    });
    this.#last = next.catch(() => {});
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#generation.kms[Symbol.asyncDispose]();
  }
}

/** `isChecked` picks the resources that may hold what the configuration cannot read: at a start those that it names, later any. */
async function openGeneration(configuration: EncryptionConfiguration, options: LiveEncryptionOptions, isChecked: (of: { readonly encryption: EncryptionAtRest; readonly resource: Resource }) => boolean): Promise<Generation> {
  await using stack = new AsyncDisposableStack();
  const kms = stack.use(await openKmsProviders(configuration, options));
  const encryption = new EncryptionAtRest(configuration, kms.byName);
  await Promise.all(options.resources.filter(({ resource }) => isChecked({ encryption, resource })).map(({ resource, prefix }) => checkReadable(options.store, { prefix, transformer: encryption.transformerFor(resource) ?? identityTransformer })));
  stack.move();
  return { encryption, kms };
}

/** One that leads to whichever is in force: a call more for each value. */
class LiveTransformer implements ValueTransformer {
  readonly #resource: Resource;
  #target: ValueTransformer;

  constructor(resource: Resource, encryption: EncryptionAtRest) {
    this.#resource = resource;
    this.#target = encryption.transformerFor(resource) ?? identityTransformer;
  }

  follow(encryption: EncryptionAtRest): void {
    this.#target = encryption.transformerFor(this.#resource) ?? identityTransformer;
  }

  toStorage(json: Uint8Array, key: string): Uint8Array {
    return this.#target.toStorage(json, key);
  }

  fromStorage(value: Uint8Array, key: string): Uint8Array {
    return this.#target.fromStorage(value, key);
  }

  isCurrent(value: Uint8Array): boolean {
    return this.#target.isCurrent(value);
  }
}
