import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { Frames } from '../watch-frames.fixture.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const INITIAL = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dnobody';

/** The first frame of a watch that has nothing to show. */
async function firstFrame(path: string, accept: string, options = ''): Promise<Frames['frames'][number] | undefined> {
  const stop = new AbortController();
  const watch = new Frames(await server.transport.fetch({ method: 'GET', path: `${path}?${INITIAL}${options}`, headers: { accept }, signal: stop.signal }));
  await watch.until(() => true);
  stop.abort();
  return watch.frames[0];
}

const workload = { selector: null, template: { metadata: {}, spec: { containers: null } } };

test.each([
  ['controllerrevisions.apps', { data: null, revision: 0 }],
  ['daemonsets.apps', { spec: { ...workload, updateStrategy: {} }, status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 } }],
  ['deployments.apps', { spec: { replicas: 0, ...workload, strategy: {} }, status: {} }],
  ['replicasets.apps', { spec: { replicas: 0, ...workload }, status: { replicas: 0 } }],
  ['statefulsets.apps', { spec: { replicas: 0, ...workload, serviceName: '', updateStrategy: {} }, status: { replicas: 0, availableReplicas: 0 } }],
  ['certificatesigningrequests.certificates.k8s.io', { spec: { request: null, signerName: '' }, status: {} }],
])('the bookmark of %s has the fields of upstream\'s empty object', async (type, fields) => {
  const [resource, ...group] = type.split('.');
  const frame = await firstFrame(`/apis/${group.join('.')}/v1/${resource}`, 'application/json');
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = (frame?.object ?? {}) as Record<string, Record<string, unknown>>;
  expect(rest).toEqual(fields);
  const own = resource === 'daemonsets' ? { 'deprecated.daemonset.template.generation': '0' } : {};
  expect(metadata?.['annotations']).toEqual({ 'k8s.io/initial-events-end': 'true', ...own });
});

test('every kind has bookmarks in columns', async () => {
  const answers: unknown[] = [];
  const read = async (path: string): Promise<unknown> => JSON.parse(Buffer.from((await server.transport.fetch({ method: 'GET', path, headers: {} })).body as Uint8Array).toString());
  const { groups } = (await read('/apis')) as { groups: readonly { versions: readonly { groupVersion: string }[] }[] };
  for (const path of ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))]) {
    const { resources } = (await read(path)) as { resources: readonly { name: string; verbs: readonly string[] }[] };
    for (const { name } of resources.filter(({ verbs }) => verbs.includes('watch'))) {
      const frame = await firstFrame(`${path}/${name}`, TABLE);
      answers.push([name, frame?.type, (frame?.object as { kind?: string } | undefined)?.kind]);
    }
  }
  expect(answers.length).toBeGreaterThan(50);
  expect(answers).toEqual(answers.map((answer) => [(answer as string[])[0], 'BOOKMARK', 'Table']));
});

test.each([
  ['/api/v1/limitranges', ['', '0001-01-01T00:00:00Z']],
  ['/apis/apps/v1/deployments', ['', '0/0', 0, 0, '<unknown>', '', '', '']],
  ['/apis/networking.k8s.io/v1/ipaddresses', ['', '<none>', '<unknown>']],
  ['/apis/scheduling.k8s.io/v1/priorityclasses', ['', 0, false, '<unknown>', '']],
  ['/apis/resource.k8s.io/v1/resourceslices', ['', '', '', '', '<unknown>']],
])('the cells of a bookmark of %s are those of upstream\'s empty object', async (path, cells) => {
  const frame = await firstFrame(path, TABLE);
  expect((frame?.object as { rows: readonly { cells: unknown }[] } | undefined)?.rows[0]?.cells).toEqual(cells);
});

test('a bookmark in columns has the same whole object as one alone', async () => {
  const whole = await firstFrame('/apis/apps/v1/deployments', 'application/json');
  const frame = await firstFrame('/apis/apps/v1/deployments', TABLE, '&includeObject=Object');
  expect((frame?.object as { rows: readonly { object: unknown }[] } | undefined)?.rows[0]?.object).toEqual(whole?.object);
});

test.each([
  ['no version', 'allowWatchBookmarks=true', true],
  ['any version', 'allowWatchBookmarks=x&resourceVersion=0', true],
  ['no version, with a state by name', 'allowWatchBookmarks=1&sendInitialEvents=&resourceVersionMatch=NotOlderThan', true],
  ['no version and without a state', 'allowWatchBookmarks=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', false],
])('a watch from %s: whether a bookmark ends the state', async (_name, options, isEnded) => {
  const watch = new Frames(await server.transport.fetch({ method: 'GET', path: `/api/v1/namespaces?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Ddefault&${options}`, headers: {} }));
  await watch.ended;
  const types = watch.frames.map(({ type, object }) => (type === 'BOOKMARK' && (object as KubernetesObject).metadata.annotations ? 'END' : type)).filter((type) => type !== 'BOOKMARK');
  expect(types).toEqual(isEnded ? ['ADDED', 'END'] : []);
});

test('a watch that asks for lists ends at its first event, which no object can be shown as', async () => {
  const watch = new Frames(await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces?watch=1&resourceVersion=0', headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' } }));
  await watch.ended;
  expect(watch.frames).toEqual([]);
});
