import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { requestInfoOf } from '../filters/request-info.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { AuditLog } from './audit-log.ts';
import { readAuditOptions } from './audit-options.ts';
import { decideAudit, readAuditPolicy } from './audit-policy.ts';
import type { AuditSink } from './auditor.ts';
import { RequestLatency } from './request-latency.ts';
import { TruncatingSink } from './truncating-sink.ts';

interface Event {
  readonly stage: string;
  readonly verb: string;
  readonly auditID: string;
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  readonly requestObject?: Record<string, unknown>;
  readonly responseObject?: Record<string, unknown>;
  readonly annotations?: Record<string, string>;
  readonly [member: string]: unknown;
}

const lines: string[] = [];
const sink: AuditSink = { plugin: 'log', write: (line) => void lines.push(line), lost: 0, [Symbol.asyncDispose]: async () => {} };
const policy = readAuditPolicy({
  kind: 'Policy', apiVersion: 'audit.k8s.io/v1',
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    { level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] },
    { level: 'Request', resources: [{ group: 'apps' }], omitStages: ['RequestReceived'] },
    { level: 'RequestResponse', namespaces: ['trimmed'], omitManagedFields: true },
    { level: 'RequestResponse' },
  ],
});
const events = (): Event[] => lines.map((line) => JSON.parse(line) as Event);

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer({ audit: { policy, sinks: [sink] } });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => lines.splice(0));

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return server.transport.fetch({ method, path, headers: { 'content-type': 'application/json', 'user-agent': 'probe/1.0', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

describe('a request is written down', () => {
  test('when it comes and when it is answered, member by member as upstream writes it', async () => {
    const { headers } = await send('POST', CONFIG_MAPS, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a1' }, data: { k: 'v' } });
    const [received, complete] = events();
    expect(Object.keys(received ?? {})).toEqual(['kind', 'apiVersion', 'level', 'auditID', 'stage', 'requestURI', 'verb', 'user', 'sourceIPs', 'userAgent', 'objectRef', 'requestReceivedTimestamp', 'stageTimestamp']);
    expect(received).toMatchObject({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'RequestResponse', stage: 'RequestReceived', requestURI: CONFIG_MAPS, verb: 'create', user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] }, userAgent: 'probe/1.0', objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' }, auditID: headers['audit-id'] });
    expect(Object.keys(complete ?? {})).toEqual(['kind', 'apiVersion', 'level', 'auditID', 'stage', 'requestURI', 'verb', 'user', 'sourceIPs', 'userAgent', 'objectRef', 'responseStatus', 'requestObject', 'responseObject', 'requestReceivedTimestamp', 'stageTimestamp', 'annotations']);
    expect(complete).toMatchObject({
      stage: 'ResponseComplete', auditID: received?.auditID, objectRef: { resource: 'configmaps', namespace: 'default', name: 'a1', apiVersion: 'v1' }, responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a1' }, data: { k: 'v' } }, responseObject: { kind: 'ConfigMap', metadata: { name: 'a1', managedFields: [{ manager: 'probe' }] } },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
    expect(complete?.['stageTimestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('with the defaults of what was sent', async () => {
    await send('POST', '/api/v1/namespaces/default/pods?dryRun=All', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    expect(events().at(-1)?.requestObject).toMatchObject({ spec: { restartPolicy: 'Always', containers: [{ imagePullPolicy: 'Always' }] } });
    expect(Object.keys(events().at(-1)?.requestObject ?? {})).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  });

  test('with the patch as it came', async () => {
    await send('POST', CONFIG_MAPS, { metadata: { name: 'patched' } });
    await send('PATCH', `${CONFIG_MAPS}/patched`, { data: { x: 'y' } }, { 'content-type': 'application/merge-patch+json' });
    expect(events().at(-1)).toMatchObject({ verb: 'patch', requestObject: { data: { x: 'y' } }, responseObject: { data: { x: 'y' } } });
  });

  test('with the Status of a failure', async () => {
    await send('GET', `${CONFIG_MAPS}/none`);
    expect(events().at(-1)).toMatchObject({ responseStatus: { metadata: {}, status: 'Failure', message: 'configmaps "none" not found', reason: 'NotFound', details: { name: 'none', kind: 'configmaps' }, code: 404 }, responseObject: { kind: 'Status' } });
  });

  test('with the refusal of the authorizer, and whom it impersonated', async () => {
    await send('GET', '/api/v1/pods', undefined, { 'impersonate-user': 'bob' });
    expect(events().at(-1)?.['authenticationMetadata']).toEqual({ impersonationConstraint: 'impersonate:user-info' });
    expect(events().at(-1)).toMatchObject({ user: { username: 'admin' }, impersonatedUser: { username: 'bob', groups: ['system:authenticated'] }, responseStatus: { code: 403, reason: 'Forbidden' }, annotations: { 'authorization.k8s.io/decision': 'forbid' } });
  });

  test('with a list in any encoding', async () => {
    await send('GET', CONFIG_MAPS, undefined, { accept: 'application/vnd.kubernetes.protobuf' });
    expect(events().at(-1)?.responseObject).toMatchObject({ kind: 'ConfigMapList', items: expect.any(Array) });
  });

  test('in one line, though its answer is indented', async () => {
    await send('GET', '/api/v1/namespaces/default/configmaps?limit=1&pretty=true');
    expect(lines.map((line) => line.includes('\n'))).toEqual([false, false]);
    expect(events().at(-1)?.responseObject).toMatchObject({ kind: 'ConfigMapList' });
  });

  test('that uses a deprecated API, with a mark', async () => {
    await send('GET', '/api/v1/endpoints');
    expect(events().at(-1)?.annotations).toMatchObject({ 'k8s.io/deprecated': 'true' });
  });

  test('of a pod, with the security standard of its namespace', async () => {
    const labels = { 'pod-security.kubernetes.io/audit': 'baseline' };
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'watched', labels } });
    await send('POST', '/api/v1/namespaces/watched/serviceaccounts', { metadata: { name: 'default' } });
    await send('POST', '/api/v1/namespaces/watched/pods?dryRun=All', { metadata: { name: 'p' }, spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i' }] } });
    expect(events().at(-1)?.annotations).toMatchObject({
      'pod-security.kubernetes.io/enforce-policy': 'privileged:latest', 'pod-security.kubernetes.io/audit-violations': 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    });
  });

  test('of a token, with its id', async () => {
    await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'issuer' } });
    await send('POST', '/api/v1/namespaces/default/serviceaccounts/issuer/token', { spec: {} });
    expect(events().at(-1)).toMatchObject({ requestObject: { spec: { expirationSeconds: 3600, boundObjectRef: null } }, annotations: { 'authentication.kubernetes.io/issued-credential-id': expect.stringMatching(/^JTI=[0-9a-f-]{36}$/) } });
  });

  test('of a review, with null where Go has no list', async () => {
    await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'default' } });
    expect(events().at(-1)?.requestObject).toEqual({ kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec: { namespace: 'default' }, status: { resourceRules: null, nonResourceRules: null, incomplete: false } });
  });

  test('that watches, three times', async () => {
    const leaving = new AbortController();
    const { body } = await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces?watch=1', signal: leaving.signal });
    const frames = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await frames.next();
    expect(events().map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted']);
    leaving.abort();
    await frames.next().catch(() => undefined);
    expect(events().map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([['RequestReceived', undefined], ['ResponseStarted', 200], ['ResponseComplete', 200]]);
  });

  test('of somebody unknown, once', async () => {
    const { handler } = server.apiServer;
    const request = { method: 'GET', rawPath: '/api', rawQuery: '', query: new URLSearchParams(), headers: { authorization: 'Bearer wrong' }, signal: new AbortController().signal, readBody: async () => new Uint8Array() };
    expect((await handler.handle(request)).status).toBe(401);
    expect(events()).toMatchObject([{ stage: 'ResponseStarted', user: {}, responseStatus: { reason: 'Unauthorized', code: 401 } }]);
  });
});

describe('the policy', () => {
  test('keeps bodies out at level Metadata', async () => {
    await send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, stringData: { p: 'hunter2' } });
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).not.toContain(Buffer.from('hunter2').toString('base64'));
    expect(events().at(-1)).toMatchObject({ level: 'Metadata', objectRef: { name: 's' }, responseStatus: { code: 201 } });
  });

  test('keeps answers out at level Request, and omits stages', async () => {
    await send('GET', '/apis/apps/v1/deployments');
    expect(events()).toMatchObject([{ level: 'Request', stage: 'ResponseComplete' }]);
    expect(events()[0]).not.toHaveProperty('responseObject');
  });

  test('leaves managed fields out', async () => {
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'trimmed' } });
    lines.splice(0);
    await send('POST', '/api/v1/namespaces/trimmed/configmaps', { metadata: { name: 'c' } });
    expect(events().at(-1)?.responseObject).toMatchObject({ metadata: { name: 'c' } });
    expect(lines.join()).not.toContain('managedFields');
  });

  const rule = (more: object) => readAuditPolicy({ kind: 'Policy', apiVersion: 'audit.k8s.io/v1', rules: [{ level: 'Metadata', ...more }] });
  test.each([
    { rule: { verbs: ['list'] }, method: 'GET', path: '/api/v1/pods', want: 'Metadata' },
    { rule: { verbs: ['list'] }, method: 'GET', path: '/api/v1/namespaces/a/pods/b', want: 'None' },
    { rule: { resources: [{ group: '', resources: ['pods'] }] }, method: 'GET', path: '/api/v1/namespaces/a/pods/b/log', want: 'None' },
    { rule: { resources: [{ group: '', resources: ['pods/*'] }] }, method: 'GET', path: '/api/v1/namespaces/a/pods/b/log', want: 'Metadata' },
    { rule: { resources: [{ group: '', resources: ['*/status'] }] }, method: 'PUT', path: '/api/v1/namespaces/a/pods/b/status', want: 'Metadata' },
    { rule: { resources: [{ group: '*' }] }, method: 'GET', path: '/apis/apps/v1/deployments', want: 'Metadata' },
    { rule: { resources: [{ group: '', resources: ['pods'], resourceNames: ['x'] }] }, method: 'GET', path: '/api/v1/namespaces/a/pods/b', want: 'None' },
    { rule: { namespaces: [''] }, method: 'GET', path: '/api/v1/nodes', want: 'Metadata' },
    { rule: { nonResourceURLs: ['/healthz*'] }, method: 'GET', path: '/healthz/ping', want: 'Metadata' },
    { rule: { nonResourceURLs: ['/healthz'] }, method: 'GET', path: '/healthz/ping', want: 'None' },
    { rule: { userGroups: ['devs'] }, method: 'GET', path: '/version', want: 'Metadata' },
    { rule: { users: ['eve'] }, method: 'GET', path: '/version', want: 'None' },
  ])('$rule of $method $path: $want', ({ rule: more, method, path, want }) => {
    expect(decideAudit(rule(more), { name: 'bob', groups: ['devs'] }, requestInfoOf({ method, path, query: new URLSearchParams() })).level).toBe(want);
  });

  test.each([
    { value: { rules: [] }, message: 'loaded illegal policy with 0 rules' },
    { value: { rules: [{ level: 'Everything' }] }, message: 'rules[0].level: Unsupported value: "Everything": supported values: "None", "Metadata", "Request", "RequestResponse"' },
    { value: { rules: [{ level: 'None', nonResourceURLs: ['x*y'] }] }, message: "must begin with a '/' character" },
    { value: { rules: [{ level: 'None', omitStages: ['Never'] }] }, message: 'rules[0].omitStages[0]: Invalid value: "Never": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic' },
    { value: { kind: 'Pod', rules: [{ level: 'None' }] }, message: 'unknown group version field' },
  ])('is refused: $message', ({ value, message }) => {
    expect(() => readAuditPolicy({ kind: 'Policy', apiVersion: 'audit.k8s.io/v1', ...value })).toThrow(message);
  });
});

describe('the log file', () => {
  test('is private, whole lines, rotated by size, and keeps as many as told', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-audit-'));
    try {
      const path = join(directory, 'audit.log');
      const clock = new VirtualClock();
      const log = await AuditLog.open({ path, maxSizeMB: 1, maxBackups: 2, clock, reportError: (error) => { throw error; } });
      const line = JSON.stringify({ text: 'x'.repeat(300_000) });
      for (let batch = 0; batch < 5; batch++) {
        for (let i = 0; i < 3; i++) log.write(line);
        await clock.advance(100);
        await log.settled();
      }
      await log[Symbol.asyncDispose]();
      const names = (await readdir(directory)).sort();
      expect(names).toHaveLength(3);
      expect(names[0]).toMatch(/^audit-2026-01-01T00-00-00\.\d{3}\.log$/);
      expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
      for (const name of names) expect((await readFile(join(directory, name), 'utf8')).split('\n').filter(Boolean)).toEqual([line, line, line]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('goes on with whole lines after a time in which its file could not be put aside', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-audit-'));
    try {
      const path = join(directory, 'audit.log');
      const clock = new VirtualClock();
      const errors: unknown[] = [];
      await using log = await AuditLog.open({ path, maxSizeMB: 1, clock, reportError: (error) => errors.push(error) });
      const write = async (text: string): Promise<void> => {
        log.write(JSON.stringify({ text, padding: 'x'.repeat(600_000) }));
        await clock.advance(100);
        await log.settled();
      };
      await mkdir(join(directory, 'audit-2026-01-01T00-00-00.200.log'));
      for (const text of ['kept', 'lost', 'kept again']) await write(text);
      const files = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name).sort();
      const texts = await Promise.all(files.map(async (name) => (JSON.parse(await readFile(join(directory, name), 'utf8')) as { text: string }).text));
      expect({ texts, lost: log.lost, errors: errors.length }).toEqual({ texts: ['kept', 'kept again'], lost: 1, errors: 1 });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('what upstream writes of', () => {
  test('the options of a delete', async () => {
    await send('POST', CONFIG_MAPS, { metadata: { name: 'gone' } });
    await send('DELETE', `${CONFIG_MAPS}/gone`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' });
    expect(events().at(-1)?.requestObject).toEqual({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', propagationPolicy: 'Background' });
  });

  test('an answer in YAML, and a patch of a scale', async () => {
    await send('GET', `${CONFIG_MAPS}?limit=1`, undefined, { accept: 'application/yaml' });
    expect(events().at(-1)?.responseObject).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    await send('PATCH', '/apis/apps/v1/namespaces/default/deployments/d/scale', { spec: { replicas: 2 } }, { 'content-type': 'application/merge-patch+json' });
    expect(events().at(-1)?.requestObject).toEqual({ spec: { replicas: 2 } });
  });

  test('an eviction, whose answer is a Status, at any level', async () => {
    lines.splice(0);
    await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    await send('POST', '/api/v1/namespaces/default/pods/p/eviction', { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'p' } });
    expect(events().at(-1)?.responseStatus).toEqual({ metadata: {}, status: 'Success', code: 201 });
  });

  test('addresses that are some', async () => {
    await send('GET', '/api', undefined, { 'x-forwarded-for': '1.2.3.4, bad, ::1', 'x-real-ip': 'face' });
    expect(events().at(-1)?.['sourceIPs']).toEqual(['1.2.3.4', '::1', '127.0.0.1']);
  });

  test('the old way of impersonation: no constraint', async () => {
    await send('GET', '/api/v1/pods', undefined, { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' });
    const last = events().at(-1);
    expect([last?.['impersonatedUser'], last?.['authenticationMetadata']]).toEqual([{ username: 'bob', groups: ['system:masters', 'system:authenticated'] }, undefined]);
    await send('GET', '/api/v1/pods', undefined, { 'impersonate-user': 'system:node:n1' });
    expect(events().at(-1)).toMatchObject({ impersonatedUser: { username: 'system:node:n1', groups: ['system:authenticated'] } });
  });
});

describe('a request that takes long', () => {
  test('says where its time went', () => {
    const latency = new RequestLatency();
    latency.took('authorization', 2);
    latency.took('authorization', 1.5);
    latency.took('mutating-webhook', 300);
    latency.took('mutating-webhook', 250);
    latency.took('apf-queue-wait', 0);
    expect(latency.annotations(500)).toEqual({});
    expect(latency.annotations(1234.5)).toEqual({ 'apiserver.latency.k8s.io/authorization': '2ms', 'apiserver.latency.k8s.io/mutating-webhook': '550ms', 'apiserver.latency.k8s.io/total': '1.2345s' });
  });
});

describe('a request that the server fails at', () => {
  test('ends with the stage Panic', async () => {
    lines.splice(0);
    const registry = server.apiServer.catalog.registry({ group: '', resource: 'limitranges' });
    const list = registry?.storage.get;
    if (registry) registry.storage.get = () => Promise.reject(new TypeError('nobody thought of this'));
    const { status } = await send('GET', '/api/v1/namespaces/default/limitranges/x');
    if (registry && list) registry.storage.get = list;
    expect([status, ...events().map(({ stage }) => stage)]).toEqual([500, 'RequestReceived', 'Panic']);
    expect(events().at(-1)?.responseStatus).toEqual({ metadata: {}, status: 'Failure', message: "APIServer panic'd: nobody thought of this", reason: 'InternalError', code: 500 });
  });
});

describe('an event that is too large', () => {
  const written: string[] = [];
  const next: AuditSink = { plugin: 'log', write: (line) => void written.push(line), lost: 0, [Symbol.asyncDispose]: async () => {} };
  const errors: unknown[] = [];
  const event = (level: string, padding: number) => JSON.stringify({ kind: 'Event', level, requestObject: { text: 'ü'.repeat(padding) }, responseObject: {}, annotations: { z: '1' } });

  test('loses what was sent and answered, and says so', () => {
    const truncating = new TruncatingSink({ next, maxEventBytes: 200, reportError: (error) => errors.push(error) });
    truncating.write(event('RequestResponse', 20));
    truncating.write(event('RequestResponse', 100));
    truncating.write(event('Metadata', 100));
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
      JSON.parse(event('RequestResponse', 20)), { kind: 'Event', level: 'RequestResponse', annotations: { 'audit.k8s.io/truncated': 'true', z: '1' } },
    ]);
    expect([truncating.lost, errors.length]).toEqual([1, 1]);
  });
});

describe('a log that requests wait for', () => {
  const broken: AuditSink = { plugin: 'log', write: () => Promise.resolve(false), lost: 1, [Symbol.asyncDispose]: async () => {} };

  test('refuses what must be written down and cannot be', async () => {
    await using strict = await startTestApiServer({ audit: { policy: readAuditPolicy({ kind: 'Policy', apiVersion: 'audit.k8s.io/v1', rules: [{ level: 'None', users: ['system:apiserver'] }, { level: 'Metadata' }] }), sinks: [broken] } });
    const { status, body } = await strict.transport.fetch({ method: 'GET', path: '/api/v1/namespaces' });
    expect([status, Buffer.from(body as Uint8Array).toString()]).toEqual([500, 'Internal Server Error: "/api/v1/namespaces": failed to store audit event\n']);
  });

  test('has the line before the request goes on', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-audit-'));
    try {
      const path = join(directory, 'audit.log');
      await using log = await AuditLog.open({ path, mode: 'blocking', clock: new VirtualClock(), reportError: (error) => { throw error; } });
      expect(await Promise.all([log.write('one'), log.write('two')])).toEqual([true, true]);
      expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('the options', () => {
  test('have the names and defaults of flags', () => {
    expect(readAuditOptions()).toMatchObject({ log: { mode: 'batch', maxSizeMB: 100, maxEventBytes: undefined }, webhook: { limits: { maxBatchSize: 400, maxWaitMs: 30_000, throttleQps: 10, initialBackoffMs: 10_000 } } });
    expect(readAuditOptions({ 'audit-log-mode': 'blocking', 'audit-log-truncate-enabled': true, 'audit-log-maxsize': 0, 'audit-webhook-batch-throttle-enable': false }))
      .toMatchObject({ log: { mode: 'blocking', maxSizeMB: 0, maxEventBytes: 102_400 }, webhook: { limits: { throttleQps: 0 } } });
  });

  test.each([
    { value: { 'audit-log-path': 'x' }, message: 'unknown flag: audit-log-path' },
    { value: { 'audit-log-mode': 'loud' }, message: 'invalid audit log mode loud, allowed modes are "batch,blocking,blocking-strict"' },
    { value: { 'audit-webhook-batch-max-size': 0 }, message: 'audit-webhook-batch-max-size: 0 must be a positive number' },
    { value: { 'audit-webhook-batch-max-wait': '5' }, message: 'audit-webhook-batch-max-wait: time: missing unit in duration "5"' },
    { value: { 'audit-webhook-truncate-max-batch-size': 5 }, message: 'invalid audit truncate webhook max batch size 5, must be greater than max event size (102400)' },
  ])('are refused: $message', ({ value, message }) => {
    expect(() => readAuditOptions(value)).toThrow(message);
  });
});
