import { describe, expect, it } from 'vitest';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../apimachinery/status.ts';
import type { Client } from './client.ts';

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}
const configMaps: Resource<ConfigMap> = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true };

export interface ClientUnderTest extends AsyncDisposable {
  readonly client: Client;
  /** Exists already. */
  readonly namespace: string;
}

/** What every Client promises: the fake, RestClient in-process, over TLS and over the bridge. */
export function describeClient(name: string, open: () => Promise<ClientUnderTest>): void {
  const configMap = (namespace: string, objectName: string, data?: Record<string, string>): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: objectName, namespace },
    ...(data === undefined ? {} : { data }),
  });

  describe(name, () => {
    it('creates, reads, updates and deletes', async () => {
      await using test = await open();
      const { client, namespace } = test;
      const created = await client.create(configMaps, configMap(namespace, 'a', { k: '1' }));
      expect(created.metadata.uid).toBeTruthy();
      expect((await client.get(configMaps, { namespace, name: 'a' })).data).toEqual({ k: '1' });
      const updated = await client.update(configMaps, { ...created, data: { k: '2' } });
      expect(updated.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
      await client.delete(configMaps, { namespace, name: 'a' });
      await expect(client.get(configMaps, { namespace, name: 'a' })).rejects.toSatisfy(isNotFound);
    });

    it('refuses a second object of the same name and a stale update', async () => {
      await using test = await open();
      const { client, namespace } = test;
      const created = await client.create(configMaps, configMap(namespace, 'a'));
      await expect(client.create(configMaps, configMap(namespace, 'a'))).rejects.toSatisfy(isAlreadyExists);
      await client.update(configMaps, { ...created, data: { k: '1' } });
      await expect(client.update(configMaps, { ...created, data: { k: '2' } })).rejects.toSatisfy(isConflict);
    });

    it('patches with a merge patch and a JSON patch', async () => {
      await using test = await open();
      const { client, namespace } = test;
      await client.create(configMaps, configMap(namespace, 'a', { k: '1', l: '2' }));
      const target = { namespace, name: 'a' };
      const merged = await client.patch(configMaps, target, { type: 'merge', patch: { data: { k: null, m: '3' } } });
      expect(merged.data).toEqual({ l: '2', m: '3' });
      const patched = await client.patch(configMaps, target, { type: 'json', patch: [{ op: 'remove', path: '/data/l' }] });
      expect(patched.data).toEqual({ m: '3' });
    });

    it('lists by label and field, with kinds filled in', async () => {
      await using test = await open();
      const { client, namespace } = test;
      const labelled = configMap(namespace, 'b');
      await client.create(configMaps, { ...labelled, metadata: { ...labelled.metadata, labels: { app: 'x' } } });
      await client.create(configMaps, configMap(namespace, 'a'));
      const byLabel = await client.list(configMaps, { namespace, labelSelector: 'app=x' });
      expect(byLabel.items.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([['ConfigMap', 'b']]);
      const byField = await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=a' });
      expect(byField.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    });

    it('watches from a list without missing a change, until aborted', async () => {
      await using test = await open();
      const { client, namespace } = test;
      const { metadata } = await client.list(configMaps, { namespace });
      const created = await client.create(configMaps, configMap(namespace, 'a'));
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        const options = { namespace, fieldSelector: 'metadata.name=a', resourceVersion: metadata.resourceVersion, signal: stop.signal };
        for await (const event of client.watch(configMaps, options)) {
          seen.push(describeEvent(event));
          if (event.type === 'ADDED') await client.update(configMaps, { ...created, data: { k: '1' } });
          if (event.type === 'MODIFIED') await client.delete(configMaps, { namespace, name: 'a' });
          if (event.type === 'DELETED') stop.abort(new Error('enough'));
        }
      })();
      await expect(reading).rejects.toThrow('enough');
      expect(seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    });
  });
}

function describeEvent(event: WatchEvent<ConfigMap>): string {
  return event.type === 'ERROR' ? 'ERROR' : `${event.type} ${event.object.metadata.name}`;
}
