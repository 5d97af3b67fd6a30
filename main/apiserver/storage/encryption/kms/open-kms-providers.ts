import type { Clock } from '../../../../../kube/apimachinery/clock.ts';
import { prefixRange } from '../../../../etcd/mvcc/key-range.ts';
import type { Store } from '../../../../etcd/store.ts';
import type { EncryptionConfiguration } from '../encryption-configuration.ts';
import { kmsPrefix } from '../encryption-at-rest.ts';
import { startsWith } from '../identity-transformer.ts';
import { KmsProvider } from './kms-provider.ts';
import { connectKms } from './kms-service.ts';

export interface OpenKmsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
}

export interface KmsProviders extends AsyncDisposable {
  readonly byName: ReadonlyMap<string, KmsProvider>;
}

/** Connects to the plugins that a configuration names, and knows the keys of all values that the store has of them. One that is away is waited for meanwhile: its values cannot be read until then. */
export async function openKmsProviders({ resources }: EncryptionConfiguration, { store, ...options }: OpenKmsOptions): Promise<KmsProviders> {
  await using stack = new AsyncDisposableStack();
  const byName = new Map<string, KmsProvider>();
  for (const provider of resources.flatMap(({ providers }) => providers)) {
    if (provider.name !== 'kms') continue;
    const { kms: { name, endpoint, timeoutMs } } = provider;
    const opened = stack.use(await KmsProvider.open({ name, service: await connectKms({ endpoint, timeoutMs }), ...options }));
    byName.set(name, opened);
  }
  if (byName.size > 0) {
    const { kvs } = await store.range(prefixRange('/registry/'));
    for (const [name, provider] of byName) {
      const prefix = kmsPrefix(name);
      await provider.learn(kvs.filter(({ value }) => startsWith(value, prefix)).map(({ value }) => value.subarray(prefix.length)));
    }
  }
  const owned = stack.move();
  return { byName, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
