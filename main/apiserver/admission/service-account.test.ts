import { expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { SeededRandom } from '../../../kube/apimachinery/seeded-random.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes } from './admission.ts';
import { serviceAccountAdmission } from './service-account.ts';

const accounts: Readonly<Record<string, object>> = {
  default: { metadata: { name: 'default' } },
  strict: { metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }, secrets: [{ name: 'listed' }], imagePullSecrets: [{ name: 'pull' }] },
};
const reader = { get: (_: object, { name }: { name: string }) => Promise.resolve(accounts[name]) } as unknown as ObjectReader;
const plugin = serviceAccountAdmission({ reader, clock: new VirtualClock(), random: new SeededRandom(1) });
const asked = (spec: object, attributes: object = {}): AdmissionAttributes =>
  ({ operation: 'CREATE', group: '', resource: 'pods', subresource: '', namespace: 'a', name: 'p', object: { metadata: { name: 'p' }, spec: { automountServiceAccountToken: false, ...spec } }, ...attributes }) as unknown as AdmissionAttributes;
const using = (name: string): object => ({ name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name } } }] });
const refusal = (what: string): string => `${what} is not allowed because service account strict does not reference that secret`;

test.each([
  { name: 'what it lists', spec: { containers: [using('listed')], volumes: [{ name: 'v', secret: { secretName: 'listed' } }], imagePullSecrets: [{ name: 'pull' }] }, refused: undefined },
  { name: 'another volume', spec: { volumes: [{ name: 'v', secret: { secretName: 'x' } }] }, refused: refusal('volume with secret.secretName="x"') },
  { name: 'another variable', spec: { containers: [using('x')] }, refused: refusal('container c with envVar A referencing secret.secretName="x"') },
  { name: 'other variables at first', spec: { initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'x' } }] }] }, refused: refusal('init container i with envFrom referencing secret.secretName="x"') },
  { name: 'another registry', spec: { imagePullSecrets: [{ name: 'x' }] }, refused: 'imagePullSecrets[0].name="x" is not allowed because service account strict does not reference that imagePullSecret' },
])('an account that limits secrets lets its pods use $name', async ({ spec, refused }) => {
  const outcome = Promise.resolve(plugin.mutate?.(asked({ serviceAccountName: 'strict', ...spec })));
  if (refused === undefined) await outcome;
  else await expect(outcome).rejects.toThrow(`pods "p" is forbidden: ${refused}`);
});

test('an ephemeral container is limited like the others', async () => {
  const attributes = asked({ serviceAccountName: 'strict', ephemeralContainers: [using('x')] }, { operation: 'UPDATE', subresource: 'ephemeralcontainers' });
  expect(plugin.handles(attributes)).toBe(true);
  await expect(plugin.validate?.(attributes)).rejects.toThrow(refusal('ephemeral container c with envVar A referencing secret.secretName="x"'));
  await plugin.validate?.(asked({ serviceAccountName: 'default', ephemeralContainers: [using('x')] }, { operation: 'UPDATE', subresource: 'ephemeralcontainers' }));
});

test('a mirror pod refers to no secret, in whatever way; an empty annotation makes one too', async () => {
  const mirror = asked({ containers: [using('x')] });
  const object = { ...mirror.object, metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': '' } } };
  await expect(plugin.mutate?.({ ...mirror, object } as AdmissionAttributes)).rejects.toThrow('a mirror pod may not reference secrets');
});

test('a pod that brings its token volume gets no second one', async () => {
  const volume = { name: 'kube-api-access-abcde', projected: { sources: [] } };
  const pod = (await plugin.mutate?.(asked({ automountServiceAccountToken: true, containers: [{ name: 'c' }], volumes: [volume] }))) as Pod | undefined;
  expect(pod?.spec?.volumes).toEqual([volume]);
  expect(pod?.spec?.containers?.[0]?.volumeMounts).toEqual([{ name: 'kube-api-access-abcde', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]);
});
