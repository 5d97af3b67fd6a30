import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MutatingWebhook, ValidatingWebhook } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { SeededRandom } from '../../../../kube/apimachinery/seeded-random.ts';
import { systemClock } from '../../../etcd/system-clock.ts';
import { allowAllAuthorizer } from '../../authorization/authorizer.ts';
import { createTestCertificates } from '../../testing-certificates.ts';
import { AdmissionChain, type AdmissionAttributes } from '../admission.ts';
import type { WebhookOptions } from './webhook-call.ts';
import { mutatingWebhooks, validatingWebhooks } from './webhook-plugins.ts';

type Answer = (request: { readonly uid: string; readonly object: KubernetesObject; readonly dryRun: boolean }) => Record<string, unknown>;

let answer: Answer = () => ({ allowed: true });
let url = '';
let caBundle = '';
let calls = 0;
let server: ReturnType<typeof createServer>;

const options: WebhookOptions = {
  reader: { get: async () => undefined, list: async () => [] },
  authorizer: allowAllAuthorizer, random: new SeededRandom(1), clock: systemClock,
};

beforeAll(async () => {
  const certificates = await createTestCertificates(Date.now());
  caBundle = Buffer.from(certificates.ca).toString('base64');
  server = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      calls++;
      const review = JSON.parse(Buffer.concat(parts).toString()) as { apiVersion: string; request: Parameters<Answer>[0] };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response: { uid: review.request.uid, ...answer(review.request) } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const warnings: string[] = [];

function attributes(overrides: Partial<AdmissionAttributes> = {}): AdmissionAttributes & { readonly object: KubernetesObject } {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' } } as KubernetesObject;
  return {
    operation: 'CREATE', group: '', version: 'v1', resource: 'configmaps', subresource: '', kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    namespace: 'ns', name: 'a', object, user: { name: 'u', groups: ['g'] }, dryRun: false, warn: (text) => warnings.push(text), ...overrides,
  } as AdmissionAttributes & { readonly object: KubernetesObject };
}

function hook(overrides: Partial<MutatingWebhook> = {}): MutatingWebhook & ValidatingWebhook {
  return {
    name: 'w.example.dev', clientConfig: { url, caBundle }, sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Fail', timeoutSeconds: 5,
    rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }], ...overrides,
  };
}

function validating(overrides: Partial<ValidatingWebhook> = {}) {
  const plugin = validatingWebhooks(options);
  plugin.configurations.set({ apiVersion: '', kind: '', metadata: { name: 'c' }, webhooks: [hook(overrides)] } as KubernetesObject);
  return plugin;
}

function mutating(...hooks: readonly MutatingWebhook[]) {
  const plugin = mutatingWebhooks(options);
  plugin.configurations.set({ apiVersion: '', kind: '', metadata: { name: 'c' }, webhooks: hooks } as unknown as KubernetesObject);
  return plugin;
}

function labelPatch(value: string): Record<string, unknown> {
  const patch = [{ op: 'add', path: '/metadata/labels', value: { a: value } }];
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
}

describe('validating webhooks', () => {
  test('a refusal tells the message, the code and the warnings', async () => {
    answer = () => ({ allowed: false, status: { message: 'not you', code: 409, reason: 'Conflict' }, warnings: ['careful'] });
    const refused = validating().validate?.(attributes());
    await expect(refused).rejects.toMatchObject({ message: 'admission webhook "w.example.dev" denied the request: not you', code: 409, reason: 'Conflict' });
    expect(warnings).toContain('careful');
  });

  test.each([
    { name: 'without explanation', response: { allowed: false }, message: 'admission webhook "w.example.dev" denied the request without explanation' },
    { name: 'of another request', response: { allowed: true, uid: 'x' }, message: /failed calling webhook "w.example.dev": received invalid webhook response: expected response.uid="[0-9a-f\-]{36}", got "x"$/v },
    { name: 'with a patch', response: labelPatch('1'), message: 'Internal error occurred: failed calling webhook "w.example.dev": received invalid webhook response: validating webhook may not return response.patch' },
  ])('an answer $name is refused', async ({ response, message }) => {
    answer = () => response;
    await expect(validating().validate?.(attributes())).rejects.toThrow(message);
  });

  test('a webhook with side effects is not asked on a dry run', async () => {
    await expect(validating({ sideEffects: 'Some' }).validate?.(attributes({ dryRun: true }))).rejects.toThrow('does not support dry run');
  });

  test('failures are ignored only where the policy says so', async () => {
    const clientConfig = { service: { namespace: 'n', name: 'nosvc', path: '/x' } };
    await validating({ clientConfig, failurePolicy: 'Ignore' }).validate?.(attributes());
    await expect(validating({ clientConfig }).validate?.(attributes())).rejects.toThrow(
      'failed calling webhook "w.example.dev": failed to call webhook: Post "https://nosvc.n.svc:443/x?timeout=5s": service "nosvc" not found',
    );
  });

  test('an unknown authority is not trusted', async () => {
    await expect(validating({ clientConfig: { url } }).validate?.(attributes())).rejects.toThrow('x509: certificate signed by unknown authority');
  });

  test('match conditions and other resources keep a webhook out', async () => {
    answer = () => ({ allowed: false });
    await validating({ matchConditions: [{ name: 'm', expression: 'object.metadata.name == "b"' }] }).validate?.(attributes());
    await validating().validate?.(attributes({ resource: 'secrets' }));
    expect(validating().handles(attributes({ group: 'admissionregistration.k8s.io' }))).toBe(false);
  });
});

describe('mutating webhooks', () => {
  test('patches follow each other, and a webhook that wishes so sees later changes', async () => {
    calls = 0;
    answer = ({ object }) => labelPatch(`${object.metadata.labels?.['a'] ?? ''}x`);
    const chain = new AdmissionChain([mutating(hook({ name: 'a.example.dev', reinvocationPolicy: 'IfNeeded' }), hook({ name: 'b.example.dev' }))]);
    const object = await chain.mutate(attributes());
    expect(object.metadata.labels).toEqual({ a: 'xxx' });
    expect(calls).toBe(3);
  });
});
