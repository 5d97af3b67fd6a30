import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

/** What is refused or changed, where a running Kubernetes 1.36.2 once answered differently from us. All are dry runs. */
let server: TestApiServer;
const send = requestsTo(() => server);
const CORE = '/api/v1/namespaces/default';
beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', `${CORE}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
});
afterAll(() => server[Symbol.asyncDispose]());

const CONTAINER = { name: 'c', image: 'x' };
const pod = (spec: object, metadata: object = {}) => ({ metadata: { name: 'p', ...metadata }, spec: { containers: [CONTAINER], ...spec } });
const RULE = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } };

interface Refusal {
  readonly name: string;
  readonly path: string;
  readonly body: object;
  readonly causes: readonly string[];
}

const refusals: readonly Refusal[] = [
  {
    name: 'too many restart rules', path: `${CORE}/pods`, body: pod({ containers: [{ ...CONTAINER, restartPolicy: 'Never', restartPolicyRules: Array.from({ length: 21 }, () => RULE) }] }),
    causes: ['spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items'],
  },
  {
    name: 'rules of an init container without a policy', path: `${CORE}/pods`, body: pod({ initContainers: [{ name: 'i', image: 'x', restartPolicyRules: [{ action: 'Nap' }] }] }),
    causes: ['spec.initContainers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
  },
  {
    name: 'a device that is mounted twice is told once', path: `${CORE}/pods`,
    body: pod({
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
      containers: [{ ...CONTAINER, volumeDevices: [{ name: 'v', devicePath: '/d' }], volumeMounts: [{ name: 'v', mountPath: '/a' }, { name: 'v', mountPath: '/b' }] }],
    }),
    causes: [
      'spec.containers[0].volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices',
      'spec.containers[0].volumeMounts[1].name: Invalid value: "v": must not already exist in volumeDevices',
      'spec.containers[0].volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts',
    ],
  },
  { name: 'ports of an ephemeral container that are given, but empty', path: `${CORE}/pods`, body: pod({ ephemeralContainers: [{ name: 'e', image: 'x', ports: [] }] }), causes: [
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container', 'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ] },
  {
    name: 'an ingress with an empty list of rules', path: '/apis/networking.k8s.io/v1/namespaces/default/ingresses', body: { metadata: { name: 'i' }, spec: { rules: [] } },
    causes: ['spec: Invalid value: []: either `defaultBackend` or `rules` must be specified'],
  },
  {
    name: 'a runtime class without a handler', path: '/apis/node.k8s.io/v1/runtimeclasses', body: { metadata: { name: 'r' }, handler: '' }, causes: ['handler: Required value'],
  },
  {
    name: 'two owners that control, by kind and name', path: `${CORE}/configmaps`,
    body: { metadata: { name: 'c', ownerReferences: ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name, controller: true })) } },
    causes: [expect.stringContaining('Only one reference can have Controller set to true. Found "true" in references for Pod/a and Pod/b') as unknown as string],
  },
  {
    name: 'a device request without a name', path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims',
    body: { metadata: { name: 'c' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd', tolerations: [{ key: 'k', operator: 'Equal', value: '-' }] } }], constraints: [{ matchAttribute: '/x' }] } } },
    causes: [
      expect.stringMatching(/^spec\.devices\.requests\[0\]\.exactly\.tolerations\[0\]\.value: Invalid value: "-": a valid label must be/) as unknown as string,
      'spec.devices.constraints[0].matchAttribute: Invalid value: "": the domain must not be empty',
    ],
  },
  {
    name: 'access for administrators from an ordinary namespace', path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims',
    body: { metadata: { name: 'c' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd', adminAccess: true } }] } } },
    causes: ['spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace'],
  },
  {
    name: 'metadata in a template of claims', path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaimtemplates',
    body: { metadata: { name: 't' }, spec: { metadata: { name: 'n', uid: 'u' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd' } }] } } } },
    causes: ['spec.metadata.name: Forbidden: cannot be set', 'spec.metadata.uID: Forbidden: cannot be set'],
  },
  {
    name: 'a slice with devices and counters', path: '/apis/resource.k8s.io/v1/resourceslices',
    body: { metadata: { name: 's' }, spec: { driver: 'd', nodeName: '', pool: { name: 'p', resourceSliceCount: 1 }, devices: [], sharedCounters: [] } },
    causes: [
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
    ],
  },
];

interface StatusBody {
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

for (const { name, path, body, causes } of refusals) {
  test(`refuses ${name}`, async () => {
    const answer = await send('POST', `${path}?dryRun=All`, { body });
    const found = ((answer.body as StatusBody).details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
    expect({ status: answer.status, causes: found }).toEqual({ status: 422, causes });
  });
}

const changes: readonly { readonly name: string; readonly path: string; readonly body: object; readonly expected: object }[] = [
  { name: 'an image that cannot be read is no latest one', path: `${CORE}/pods`, body: pod({ containers: [{ name: 'c', image: '../x' }] }), expected: { spec: { containers: [{ imagePullPolicy: 'IfNotPresent' }] } } },
  { name: 'a digest needs no pull', path: `${CORE}/pods`, body: pod({ containers: [{ name: 'c', image: `x@sha256:${'a'.repeat(64)}` }] }), expected: { spec: { containers: [{ imagePullPolicy: 'IfNotPresent' }] } } },
  { name: 'amounts are rounded up to thousandths', path: `${CORE}/limitranges`, body: { metadata: { name: 'l' }, spec: { limits: [{ type: 'Container', default: { cpu: '1n' } }] } }, expected: { spec: { limits: [{ default: { cpu: '1m' }, defaultRequest: { cpu: '1m' } }] } } },
  { name: 'references to secrets are names', path: `${CORE}/serviceaccounts`, body: { metadata: { name: 's' }, secrets: [{ name: 'a', kind: 'Secret', namespace: 'x' }] }, expected: { secrets: [{ name: 'a' }] } },
  { name: 'a generation that nobody counts is the client’s', path: `${CORE}/configmaps`, body: { metadata: { name: 'c', generation: 7 } }, expected: { metadata: { generation: 7 } } },
  {
    name: 'a Job without labels takes those of its pods, the generated ones too', path: '/apis/batch/v1/namespaces/default/jobs',
    body: { metadata: { name: 'j' }, spec: { template: { metadata: { labels: { x: 'y' } }, spec: { restartPolicy: 'Never', containers: [CONTAINER] } } } },
    expected: { metadata: { labels: { x: 'y', 'batch.kubernetes.io/job-name': 'j', 'job-name': 'j' } } },
  },
  {
    name: 'a Job whose pods have no labels either', path: '/apis/batch/v1/namespaces/default/jobs',
    body: { metadata: { name: 'j' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [CONTAINER] } } } },
    expected: { metadata: { labels: { 'batch.kubernetes.io/job-name': 'j', 'job-name': 'j' } } },
  },
  {
    name: 'a Job with labels of its own', path: '/apis/batch/v1/namespaces/default/jobs',
    body: { metadata: { name: 'j', labels: { own: 'l' } }, spec: { template: { metadata: { labels: { x: 'y' } }, spec: { restartPolicy: 'Never', containers: [CONTAINER] } } } },
    expected: { metadata: { labels: { own: 'l' } } },
  },
  {
    name: 'sources of features that are off become empty', path: `${CORE}/pods`, body: pod({ volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'x' } }] } }], automountServiceAccountToken: false }),
    expected: { spec: { volumes: [{ name: 'v', projected: { sources: [{}] } }] } },
  },
];

for (const { name, path, body, expected } of changes) {
  test(name, async () => {
    const answer = await send('POST', `${path}?dryRun=All`, { body });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject(expected);
  });
}

test('a stop signal is not kept while the feature is off', async () => {
  const answer = await send('POST', `${CORE}/pods?dryRun=All`, { body: pod({ containers: [{ ...CONTAINER, lifecycle: { stopSignal: 'SIGTERM' } }] }) });
  expect(answer.status).toBe(201);
  expect((answer.body as unknown as { spec: { containers: object[] } }).spec.containers[0]).not.toHaveProperty('lifecycle');
});

test('events are named by the group that was asked', async () => {
  const answer = await send('GET', '/apis/events.k8s.io/v1/namespaces/default/events/missing');
  expect(answer.body).toMatchObject({ message: 'events.events.k8s.io "missing" not found', details: { group: 'events.k8s.io' } });
});

test('a deadline that grows is the only thing that is told of an update', async () => {
  await send('POST', `${CORE}/pods`, { body: pod({ activeDeadlineSeconds: 10 }) });
  const answer = await send('PATCH', `${CORE}/pods/p`, { body: { spec: { activeDeadlineSeconds: 20, hostname: 'changed' } } });
  expect(answer.body.message).toBe('Pod "p" is invalid: spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value');
});
