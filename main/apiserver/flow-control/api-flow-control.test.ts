import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import { flowschemas, prioritylevelconfigurations } from '../../../kube/api/generated/flowcontrol/v1.ts';
import { RestClient } from '../../../kube/client/rest-client.ts';
import type { Transport } from '../../../kube/client/transport.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { mandatoryObjects, suggestedObjects } from './bootstrap-objects.ts';
import { revise } from './ensure-objects.ts';

/** Few seats: 5 for global-default. */
const SEATS = 60;
let server: TestApiServer;
let client: RestClient;
beforeAll(async () => {
  server = await startTestApiServer({ maxInFlight: SEATS });
  client = new RestClient({ transport: server.transport, userAgent: 'test' });
});
afterAll(() => server[Symbol.asyncDispose]());

const text = (body: unknown): string => Buffer.from(body as Uint8Array).toString('utf8');
const as = (name: string, ...groups: string[]): Transport => server.apiServer.transport({ name, groups });

/** The schema once its status says so; a watch, no polling. */
async function schemaWith(name: string, condition: string): Promise<FlowSchema> {
  for await (const { object } of client.watch(flowschemas, { fieldSelector: `metadata.name=${name}` })) {
    const schema = object as FlowSchema;
    if (schema.status?.conditions?.some(({ type, status }) => type === 'Dangling' && status === condition)) return schema;
  }
  throw new Error('the watch ended');
}

describe('a new cluster', () => {
  test('has the mandatory and the suggested objects, annotated for updates', async () => {
    const levels = (await client.list(prioritylevelconfigurations)).items;
    const schemas = (await client.list(flowschemas)).items;
    const names = (objects: readonly { metadata: { name: string } }[]): string[] => objects.map(({ metadata }) => metadata.name).sort();
    expect(names(levels)).toEqual(['catch-all', 'exempt', 'global-default', 'leader-election', 'node-high', 'system', 'workload-high', 'workload-low']);
    expect(names(schemas)).toEqual(names([...mandatoryObjects().schemas, ...suggestedObjects().schemas]));
    expect([...levels, ...schemas].every(({ metadata }) => metadata.annotations?.['apf.kubernetes.io/autoupdate-spec'] === 'true')).toBe(true);
  });

  test('says of each schema that its level exists, as its own field manager', async () => {
    const schema = await schemaWith('global-default', 'False');
    expect(schema.status?.conditions?.[0]).toMatchObject({ reason: 'Found', message: 'This FlowSchema references the PriorityLevelConfiguration object named "global-default" and it exists' });
    expect(schema.metadata.managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource])).toEqual([
      ['api-priority-and-fairness-config-consumer-v1', 'Apply', 'status'], ['api-priority-and-fairness-config-producer-v1', 'Update', undefined],
    ]);
  });
});

test('a schema without a level is dangling until the level comes, and takes requests then', async () => {
  const rules = [{ subjects: [{ kind: 'User', user: { name: 'carol' } }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }];
  const metadata = { name: 'late' };
  const { apiVersion } = suggestedObjects().schemas[0] as FlowSchema;
  const created = await client.create(flowschemas, { apiVersion, kind: 'FlowSchema', metadata, spec: { priorityLevelConfiguration: { name: 'late' }, matchingPrecedence: 50, rules } });
  expect((await schemaWith('late', 'True')).status?.conditions?.[0]).toMatchObject({ reason: 'NotFound', message: 'This FlowSchema references the PriorityLevelConfiguration object named "late" but there is no such object' });
  const before = await as('carol').fetch({ method: 'GET', path: '/version' });
  expect(before.headers['x-kubernetes-pf-flowschema-uid']).not.toBe(created.metadata.uid);
  const level = await client.create(prioritylevelconfigurations, { apiVersion, kind: 'PriorityLevelConfiguration', metadata, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 10, limitResponse: { type: 'Reject' } } } } as PriorityLevelConfiguration);
  await schemaWith('late', 'False');
  const after = await as('carol').fetch({ method: 'GET', path: '/version' });
  expect([after.headers['x-kubernetes-pf-flowschema-uid'], after.headers['x-kubernetes-pf-prioritylevel-uid']]).toEqual([created.metadata.uid, level.metadata.uid]);
});

describe('the bootstrap objects are kept up', () => {
  const [wanted] = suggestedObjects().schemas as [FlowSchema];
  const changed = (annotation: string | undefined, generation: number): FlowSchema => ({
    ...wanted, metadata: { name: wanted.metadata.name, generation, annotations: annotation === undefined ? {} : { 'apf.kubernetes.io/autoupdate-spec': annotation } }, spec: { ...wanted.spec, matchingPrecedence: 7 },
  });

  test.each([
    { what: 'a mandatory one is set back whatever it says', current: changed('false', 3), always: true, precedence: 500, annotation: 'true' },
    { what: 'a suggested one is set back while it is annotated so', current: changed('true', 3), always: false, precedence: 500, annotation: 'true' },
    { what: 'one that nobody has changed is updated', current: changed(undefined, 1), always: false, precedence: 500, annotation: 'true' },
    { what: 'one that somebody has changed is theirs', current: changed(undefined, 2), always: false, precedence: 7, annotation: 'false' },
  ])('$what', ({ current, always, precedence, annotation }) => {
    const revised = revise(current, { wanted, always });
    expect([revised?.spec.matchingPrecedence, revised?.metadata.annotations?.['apf.kubernetes.io/autoupdate-spec']]).toEqual([precedence, annotation]);
  });

  test('one that says false is left alone', () => {
    expect(revise(changed('false', 3), { wanted, always: false })).toBeUndefined();
  });

  test('nothing is written where nothing differs', async () => {
    const stored = await client.get(flowschemas, { name: 'system-nodes' });
    expect(revise(stored, { wanted, always: false })).toBeUndefined();
  });
});

describe('a flood of one client', () => {
  /** Requests whose bodies never come hold their seats. */
  function flood(count: number): { readonly answers: Promise<readonly { readonly status: number; readonly headers: object; readonly text: string }[]>; readonly release: () => void } {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const query = new URLSearchParams('timeout=4s');
    const request = { method: 'POST', rawPath: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', rawQuery: 'timeout=4s', query, headers: { 'content-type': 'application/json' }, signal: new AbortController().signal, identity: { name: 'mallory', groups: [] }, readBody: () => promise };
    const answers = Promise.all(Array.from({ length: count }, async () => {
      const { status, headers, body } = await server.apiServer.handler.handle(request);
      return { status, headers, text: text(body) };
    }));
    return { answers, release: () => resolve(Buffer.from('{"spec":{"nonResourceAttributes":{"path":"/x","verb":"get"}}}')) };
  }

  test('leaves the kubelet, the controllers and the administrator their answers at once', async () => {
    const { answers, release } = flood(400);
    const others = [
      as('system:node:n1', 'system:nodes').fetch({ method: 'GET', path: '/api/v1/nodes/n1' }),
      as('system:kube-controller-manager').fetch({ method: 'GET', path: '/api/v1/pods?limit=1' }),
      as('system:kube-scheduler').fetch({ method: 'GET', path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler' }),
      server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces/default' }),
    ];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([404, 200, 404, 200]);
    const levels = text((await server.transport.fetch({ method: 'GET', path: '/debug/api_priority_and_fairness/dump_priority_levels' })).body);
    const [, , , waiting = 0] = (/^global-default,(.*)$/m.exec(levels)?.[1] ?? '').split(',').map(Number);
    expect(waiting).toBeGreaterThan(100);
    release();
    const answered = await answers;
    const statuses = answered.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
    const refused = answered.find(({ status }) => status === 429);
    expect(refused).toMatchObject({ text: 'Too many requests, please try again later.\n', headers: { 'retry-after': expect.stringMatching(/^\d+$/), 'x-content-type-options': 'nosniff', 'content-type': 'text/plain; charset=utf-8', 'x-kubernetes-pf-prioritylevel-uid': expect.any(String) } });
  });
});

describe('a time limit', () => {
  const hanging = (query: string) => server.apiServer.handler.handle({
    method: 'POST', rawPath: '/api/v1/namespaces/default/configmaps', rawQuery: query, query: new URLSearchParams(query), headers: {}, signal: new AbortController().signal,
    identity: { name: 'admin', groups: ['system:masters'] }, readBody: () => new Promise<Uint8Array>(() => {}),
  });

  test('of the request ends it with the Timeout that upstream writes', async () => {
    const { status, headers, body } = await hanging('timeout=20ms');
    expect([status, headers['content-type']]).toEqual([504, 'text/plain; charset=utf-8']);
    expect(text(body)).toBe('{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n');
  });

  test('that is no duration is a bad request', async () => {
    const { status, body } = await hanging('timeout=soon');
    expect([status, (JSON.parse(text(body)) as { message: string }).message]).toEqual([400, 'invalid timeout specified in the request URL - time: invalid duration "soon"']);
  });
});
