import { once } from 'node:events';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestCertificates } from '../../testing-certificates.ts';
import { readAuditPolicy } from '../../audit/audit-policy.ts';
import type { AuditSink } from '../../audit/auditor.ts';
import { startTestApiServer, type TestApiServer } from '../../testing.ts';

interface ReviewRequest {
  readonly uid: string;
  readonly kind: { readonly kind: string };
  readonly operation: string;
  readonly object: Record<string, unknown>;
  readonly namespace?: string;
  readonly options?: unknown;
}

const lines: string[] = [];
const sink: AuditSink = { plugin: 'log', write: (line) => void lines.push(line), lost: 0, [Symbol.asyncDispose]: async () => {} };
const policy = readAuditPolicy({ kind: 'Policy', apiVersion: 'audit.k8s.io/v1', omitStages: ['RequestReceived'], rules: [{ level: 'Request', resources: [{ group: '', resources: ['pods'] }] }, { level: 'Metadata' }] });
const annotationsOf = (name: string): Record<string, string> | undefined =>
  lines.map((line) => JSON.parse(line) as { objectRef?: { name?: string }; annotations?: Record<string, string> }).findLast(({ objectRef }) => objectRef?.name === name)?.annotations;

let server: TestApiServer;
let hook: ReturnType<typeof createServer>;
let answer: (request: ReviewRequest) => object = () => ({ allowed: true });
let seen: ReviewRequest | undefined;
let envelope: object = {};

beforeAll(async () => {
  const certificates = await createTestCertificates(Date.now());
  hook = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString()) as { request: ReviewRequest };
      seen = review.request;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: seen.uid, ...answer(seen) }, ...envelope }));
    });
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  server = await startTestApiServer({ audit: { policy, sinks: [sink] } });
  const clientConfig = { url: `https://127.0.0.1:${(hook.address() as AddressInfo).port}/`, caBundle: Buffer.from(certificates.ca).toString('base64') };
  const common = { clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] };
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'foos.example.com' },
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { data: { type: 'object', properties: { known: { type: 'string' }, preset: { type: 'string', default: 'x' } } } } } } }],
    },
  });
  await send('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    metadata: { name: 'm' },
    webhooks: [{ ...common, name: 'm.example.com', rules: [{ operations: ['CREATE'], apiGroups: ['', 'example.com'], apiVersions: ['v1'], resources: ['pods', 'foos', 'pods/eviction', 'serviceaccounts/token'] }, { operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'] }, { operations: ['*'], apiGroups: ['apps', '', 'autoscaling'], apiVersions: ['v1'], resources: ['deployments/scale', 'namespaces', 'horizontalpodautoscalers'] }] }],
  });
  await send('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'v' },
    webhooks: [{ ...common, name: 'v.example.com', rules: [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/*'] }] }],
  });
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  hook.closeAllConnections();
  hook.close();
});

async function send(method: string, path: string, body?: unknown): Promise<Record<string, unknown> & { spec: Record<string, unknown>; message: string }> {
  const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8'));
}

function patching(...operations: readonly object[]): () => object {
  return () => ({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') });
}

test('what a webhook adds to a pod gets its defaults and loses its unknown fields', async () => {
  answer = patching({ op: 'add', path: '/spec/initContainers', value: [{ name: 'added', image: 'busybox:1', foo: 'bar' }] });
  const { spec } = await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  expect(spec['initContainers']).toMatchObject([{ name: 'added', terminationMessagePolicy: 'File', terminationMessagePath: '/dev/termination-log', imagePullPolicy: 'IfNotPresent' }]);
  expect(JSON.stringify(spec)).not.toContain('foo');
});

test('what a webhook makes of a custom resource is pruned and gets its defaults', async () => {
  answer = patching({ op: 'add', path: '/data', value: { known: 'yes', unknown: 'no' } });
  expect(await send('POST', '/apis/example.com/v1/namespaces/default/foos', { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'f' } })).toMatchObject({ data: { known: 'yes', preset: 'x' } });
  expect((await send('GET', '/apis/example.com/v1/namespaces/default/foos/f'))['data']).toEqual({ known: 'yes', preset: 'x' });
});

test.each([
  { path: 'attach?stdin=true&stderr=false&container=c', kind: 'PodAttachOptions', options: { stdin: true, container: 'c' } },
  { path: 'exec?command=sh&command=-c&stdout', kind: 'PodExecOptions', options: { stdout: true, command: ['sh', '-c'] } },
  { path: 'portforward?ports=80,81', kind: 'PodPortForwardOptions', options: { ports: [80, 81] } },
])('a webhook is asked about $kind, and its refusal ends the connection', async ({ path, kind, options }) => {
  answer = ({ operation }) => ({ allowed: operation !== 'CONNECT', status: { message: 'no visitors', code: 403 } });
  const { port } = await server.listen();
  const outgoing = httpsRequest({
    host: '127.0.0.1', port, path: `/api/v1/namespaces/default/pods/p/${path}`, ca: server.certificates.ca,
    headers: { authorization: `Bearer ${server.token}`, connection: 'Upgrade', upgrade: 'SPDY/3.1' },
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
  let text = '';
  for await (const part of response) text += part.toString();
  expect([response.statusCode, JSON.parse(text)]).toMatchObject([403, { message: 'admission webhook "v.example.com" denied the request: no visitors' }]);
  expect(seen).toMatchObject({ operation: 'CONNECT', kind: { group: '', version: 'v1', kind } });
  expect(seen?.object).toEqual({ kind, apiVersion: 'v1', ...options });
});

test('a call is told to the audit log and counted: what the webhook says itself, whether it changed anything, and the patch', async () => {
  const patch = [{ op: 'add', path: '/metadata/labels', value: { a: '<1>' } }];
  answer = () => ({ ...patching(...patch)(), auditAnnotations: { why: 'because' } });
  await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'audited' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const who = '"configuration":"m","webhook":"m.example.com"';
  expect(annotationsOf('audited')).toMatchObject({
    'm.example.com/why': 'because',
    'mutation.webhook.admission.k8s.io/round_0_index_0': `{${who},"mutated":true}`,
    'patch.webhook.admission.k8s.io/round_0_index_0': `{${who},"patch":[{"op":"add","path":"/metadata/labels","value":{"a":"\\u003c1\\u003e"}}],"patchType":"JSONPatch"}`,
  });
  await send('POST', '/apis/example.com/v1/namespaces/default/foos', { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'metadata-only' } });
  expect(Object.keys(annotationsOf('metadata-only') ?? {}).filter((key) => key.includes('webhook'))).toEqual(['mutation.webhook.admission.k8s.io/round_0_index_0']);
  answer = () => ({ allowed: false, status: { code: 409 } });
  await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'refused' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  expect(annotationsOf('refused')).toMatchObject({ 'mutation.webhook.admission.k8s.io/round_0_index_0': `{${who},"mutated":false}` });
  const metrics = await metricsText();
  expect(metrics).toContain('apiserver_admission_webhook_request_total{code="409",name="m.example.com",operation="CREATE",rejected="true",type="admit"} 1\n');
  expect(metrics).toContain('apiserver_admission_webhook_rejection_count{error_type="no_error",name="m.example.com",operation="CREATE",rejection_code="409",type="admit"} 1\n');
  expect(metrics).toMatch(/apiserver_admission_webhook_admission_duration_seconds_count\{name="m.example.com",operation="CREATE",rejected="false",type="admit"\} [1-9]/v);
});

test('a webhook that cannot be asked and need not be is told to the audit log and counted', async () => {
  await send('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'gone' },
    webhooks: [{
      name: 'gone.example.com', clientConfig: { url: 'https://127.0.0.1:1/' }, sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Ignore',
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    }],
  });
  await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'unasked' } });
  expect(annotationsOf('unasked')).toMatchObject({ 'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'gone.example.com' });
  const metrics = await metricsText();
  expect(metrics).toContain('apiserver_admission_webhook_fail_open_count{name="gone.example.com",type="validating"} 1\n');
  expect(metrics).toContain('apiserver_admission_webhook_request_total{code="503",name="gone.example.com",operation="CREATE",rejected="false",type="validating"} 1\n');
});

async function metricsText(): Promise<string> {
  const { body } = await server.transport.fetch({ method: 'GET', path: '/metrics', headers: {} });
  return Buffer.from(body as Uint8Array).toString();
}

test('a mutating webhook may refuse a deletion, and change nothing in it', async () => {
  const secrets = '/api/v1/namespaces/default/secrets';
  await send('POST', secrets, { metadata: { name: 'kept' } });
  answer = () => ({ allowed: false, status: { message: 'it stays' } });
  expect((await send('DELETE', `${secrets}/kept`)).message).toBe('admission webhook "m.example.com" denied the request: it stays');
  expect(seen).toMatchObject({ operation: 'DELETE', object: null, oldObject: { metadata: { name: 'kept' } } });
  answer = patching({ op: 'add', path: '/metadata', value: {} });
  expect((await send('DELETE', `${secrets}/kept`)).message).toContain('admission webhook "m.example.com" attempted to modify the object, which is not supported for this operation');
  answer = () => ({ allowed: true });
  expect(await send('DELETE', `${secrets}/kept`)).toMatchObject({ status: 'Success' });
});

test('mutating webhooks see evictions and requests for tokens, and change them', async () => {
  answer = () => ({ allowed: false, status: { message: 'not now' } });
  expect((await send('POST', '/api/v1/namespaces/default/pods/none/eviction', { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'none' } })).message).toBe('admission webhook "m.example.com" denied the request: not now');
  answer = patching({ op: 'replace', path: '/spec/expirationSeconds', value: 700 });
  expect((await send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} })).spec).toMatchObject({ expirationSeconds: 700 });
});

test('a webhook is shown the Scale, and may set its replicas', async () => {
  answer = () => ({ allowed: true });
  const spec = { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } };
  await send('POST', '/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'd' }, spec });
  answer = patching({ op: 'replace', path: '/spec/replicas', value: 3 });
  const scale = await send('PUT', '/apis/apps/v1/namespaces/default/deployments/d/scale', { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'd', namespace: 'default' }, spec: { replicas: 9 } });
  expect(scale.spec).toEqual({ replicas: 3 });
  expect(seen).toMatchObject({ kind: { kind: 'Scale' }, object: { kind: 'Scale', spec: { replicas: 9 } }, oldObject: { kind: 'Scale', spec: {} }, options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1' } });
});

test('a webhook hears of a connection before the pod is looked for, and the audit log hears of the webhook', async () => {
  answer = () => ({ allowed: false, status: { message: 'no shells' }, auditAnnotations: { asked: 'yes' } });
  expect((await send('POST', '/api/v1/namespaces/default/pods/nobody/exec?command=sh&stdout=1', {})).message).toBe('admission webhook "v.example.com" denied the request: no shells');
  expect(annotationsOf('nobody')).toMatchObject({ 'v.example.com/asked': 'yes' });
});

test('the review of a new namespace is in it, and tells the options of the request', async () => {
  answer = () => ({ allowed: true });
  await send('POST', '/api/v1/namespaces?dryRun=All&fieldManager=m', { metadata: { name: 'fresh' } });
  expect(seen).toMatchObject({ namespace: 'fresh', options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'], fieldManager: 'm' } });
  expect(Object.keys(seen?.object ?? {}).slice(0, 2)).toEqual(['kind', 'apiVersion']);
});

const encoded = (text: string): object => ({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(text).toString('base64') });
test.each<{ readonly name: string; readonly given: object; readonly around?: object; readonly told: string }>([
  { name: 'another uid', given: { allowed: true, uid: 'x' }, told: 'received invalid webhook response: expected response.uid=' },
  { name: 'no response', given: {}, around: { response: undefined }, told: 'received invalid webhook response: webhook response was absent' },
  { name: 'a patch of no type', given: { allowed: true, patch: 'W10=' }, told: 'received invalid webhook response: webhook returned response.patch but not response.patchType' },
  { name: 'a patch that is no JSON', given: encoded('nope'), told: "received undecodable patch in webhook response: invalid character 'o' in literal null (expecting 'u')" },
  { name: 'a patch of another type', given: { ...encoded('[{}]'), patchType: 'Merge' }, told: 'unsupported patch type "Merge"' },
  { name: 'a patch of nothing', given: encoded('[{"op":"remove","path":"/nothing/here"}]'), told: 'remove operation does not apply: doc is missing path: "/nothing/here": missing value' },
  { name: 'another kind of object', given: encoded('[{"op":"replace","path":"/kind","value":"Secret"}]'), told: 'converting (v1.Secret) to (core.Namespace): unknown conversion' },
  { name: 'another kind of answer', given: {}, around: { kind: 'Pod', apiVersion: 'v1' }, told: 'failed to call webhook: no kind "Pod" is registered for version "v1" in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"' },
  { name: 'another version', given: {}, around: { apiVersion: 'admission.k8s.io/v1beta1' }, told: 'failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion' },
  { name: 'a yes that is text', given: { allowed: 'yes' }, told: 'failed to call webhook: json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool' },
])('an answer with $name is told', async ({ given, around = {}, told }) => {
  answer = () => given;
  envelope = around;
  const { message } = await send('POST', '/api/v1/namespaces?dryRun=All', { metadata: { name: 'asked' } });
  envelope = {};
  expect(message).toContain(told);
});

test('a webhook is shown the version that the request speaks, and patches that', async () => {
  const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
  const spec = { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, targetCPUUtilizationPercentage: 40 };
  answer = patching({ op: 'replace', path: '/spec/targetCPUUtilizationPercentage', value: 70 });
  const made = await send('POST', path, { metadata: { name: 'h' }, spec });
  expect(seen).toMatchObject({ kind: { kind: 'HorizontalPodAutoscaler' }, object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 40 } } });
  expect(made.spec).toMatchObject({ targetCPUUtilizationPercentage: 70 });
  answer = () => ({ allowed: true });
  const stored = await send('GET', path.replace('/v1/', '/v2/') + '/h');
  expect(stored.spec).toMatchObject({ metrics: [{ type: 'Resource', resource: { target: { averageUtilization: 70 } } }] });
});
