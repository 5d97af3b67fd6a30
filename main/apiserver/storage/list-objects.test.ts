import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import type { StatusError } from '../../../kube/apimachinery/status.ts';
import type { ListQuery } from './object-storage.ts';
import { type TestStorage, openTestStorage, pod } from './test-storage.fixture.ts';

const token = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a list', () => {
  let test: TestStorage;
  beforeEach(async () => {
    test = await openTestStorage();
    for (const name of ['c', 'a', 'b']) await test.pods.create(pod(name, { labels: { app: name }, nodeName: name === 'a' ? 'n1' : 'n2' }));
    await test.pods.create(pod('z', { namespace: 'another' }));
  });
  afterEach(() => test.dispose());
  const names = async (query: ListQuery): Promise<string> => (await test.pods.list(query)).items.map(({ name }) => name).join('');

  it.each([
    { what: 'all namespaces, in key order', query: {}, expected: 'zabc' },
    { what: 'one namespace', query: { namespace: 'default' }, expected: 'abc' },
    { what: 'one object', query: { namespace: 'default', name: 'b' }, expected: 'b' },
    { what: 'labels', query: { labels: parseLabelSelector('app in (a,c)') }, expected: 'ac' },
    { what: 'absent labels', query: { labels: parseLabelSelector('!app') }, expected: 'z' },
    { what: 'a field', query: { fields: parseFieldSelector('spec.nodeName=n2') }, expected: 'bc' },
    { what: 'metadata.name', query: { fields: parseFieldSelector('metadata.name!=a,metadata.namespace=default') }, expected: 'bc' },
    { what: 'resourceVersion 0, whatever the limit', query: { resourceVersion: '0', limit: 1 }, expected: 'zabc' },
    { what: 'at least a resourceVersion', query: { resourceVersion: '3' }, expected: 'zabc' },
    { what: 'exactly a resourceVersion', query: { resourceVersion: '3', resourceVersionMatch: 'Exact' as const }, expected: 'ac' },
    { what: 'a resourceVersion with a limit, exactly', query: { resourceVersion: '3', limit: 9 }, expected: 'ac' },
    { what: 'not older than, with a limit', query: { resourceVersion: '3', resourceVersionMatch: 'NotOlderThan' as const, limit: 3 }, expected: 'zab' },
  ])('picks by $what', async ({ query, expected }) => {
    expect(await names(query)).toBe(expected);
  });

  it('sees every write that was acknowledged before', async () => {
    for (let i = 0; i < 50; i++) {
      await test.pods.create(pod(`n${i}`));
      expect((await test.pods.list()).items).toHaveLength(5 + i);
    }
  });

  it('goes on page by page in the state of the first page', async () => {
    const first = await test.pods.list({ limit: 2 });
    expect([first.items.map(({ name }) => name), first.remainingItemCount]).toEqual([['z', 'a'], 2]);
    await test.pods.delete({ namespace: 'default', name: 'b' });
    await test.pods.create(pod('d'));
    const second = await test.pods.list({ limit: 2, continue: first.continue });
    expect(second.items.map(({ name }) => name)).toEqual(['b', 'c']);
    expect(second).toMatchObject({ resourceVersion: first.resourceVersion });
    expect([second.continue, second.remainingItemCount]).toEqual([undefined, undefined]);
  });

  it('fills pages with what matches and then does not count the rest', async () => {
    const page = await test.pods.list({ limit: 1, labels: parseLabelSelector('app') });
    expect([page.items[0]?.name, page.remainingItemCount]).toEqual(['a', undefined]);
    const next = await test.pods.list({ limit: 5, labels: parseLabelSelector('app'), continue: page.continue });
    expect(next.items.map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('writes upstream continue tokens', async () => {
    const page = await test.pods.list({ limit: 2 });
    expect(JSON.parse(Buffer.from(page.continue!, 'base64url').toString())).toEqual({ v: 'meta.k8s.io/v1', rv: Number(page.resourceVersion), start: 'default/a\0' });
  });

  it('expires a token after compaction, with one that goes on in the newest state', async () => {
    const page = await test.pods.list({ limit: 2 });
    await test.pods.create(pod('d'));
    await test.pods.create(pod('e'));
    await test.store.compact(test.store.revision);
    const error: unknown = await test.pods.list({ limit: 2, continue: page.continue }).catch((cause: unknown) => cause);
    const { status } = error as StatusError;
    expect(status).toMatchObject({ code: 410, reason: 'Expired' });
    expect(status.message).toMatch(/^The provided continue parameter is too old to display a consistent list result\./);
    expect(await names({ continue: status.metadata.continue })).toBe('bcde');
  });

  it.each([
    { what: 'a resourceVersion that is no number', query: { resourceVersion: 'abc' }, code: 400, message: 'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax' },
    { what: 'a token of another version', query: { continue: token({ v: 'v0', rv: 1 }) }, code: 400, message: 'invalid continue token: continue key is not valid: server does not recognize this encoded version v0' },
    { what: 'an empty token', query: { continue: token({}) }, code: 400, message: 'invalid continue token: continue key is not valid: server does not recognize this encoded version ' },
    { what: 'a token without a revision', query: { continue: token({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' }) }, code: 400, message: 'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)' },
    { what: 'a token that leaves the collection', query: { continue: token({ v: 'meta.k8s.io/v1', rv: 5, start: '../a' }) }, code: 400, message: 'invalid continue token: continue key is not valid: ../a' },
    { what: 'a token and a resourceVersion', query: { continue: token({ v: 'meta.k8s.io/v1', rv: 5, start: 'a' }), resourceVersion: '5' }, code: 400, message: 'specifying resource version is not allowed when using continue' },
  ])('refuses $what', async ({ query, code, message }) => {
    await expect(test.pods.list(query)).rejects.toMatchObject({ status: { code, message } });
  });

  it('waits three seconds for a revision from the future, then answers 504', async () => {
    await test.pods.list();
    const listing = test.pods.list({ resourceVersion: '999', resourceVersionMatch: 'Exact' });
    listing.catch(() => undefined);
    await test.clock.advance(3000);
    await expect(listing).rejects.toMatchObject({
      status: { code: 504, message: `Timeout: Too large resource version: 999, current: ${test.store.revision}`, details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] } },
    });
    expect(test.clock.pendingTimers).toBe(0);
  });

  it('answers 410 for an exact revision that is compacted', async () => {
    await test.store.compact(test.store.revision);
    const listing = test.pods.list({ resourceVersion: '3', resourceVersionMatch: 'Exact' });
    await expect(listing).rejects.toMatchObject({ status: { code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' } });
  });
});
