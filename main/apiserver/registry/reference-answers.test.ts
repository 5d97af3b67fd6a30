import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo, type TestAnswer } from '../testing-requests.ts';

/** What the same requests got from a running Kubernetes 1.36.2, where we once answered differently. All are dry runs but for the objects that are set up. */
let server: TestApiServer;
const send = requestsTo(() => server);
const CORE = '/api/v1/namespaces/default';
const APPS = '/apis/apps/v1/namespaces/default';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const SELECTOR = { matchLabels: { a: 'b' } };
const TEMPLATE = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };

beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', `${CORE}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  await send('POST', `${CORE}/configmaps`, { body: { metadata: { name: 'kept' }, data: { k: '<v>' } } });
  await send('POST', `${APPS}/deployments`, { body: { metadata: { name: 'kept' }, spec: { selector: SELECTOR, template: TEMPLATE } } });
  await send('POST', '/apis/storage.k8s.io/v1/volumeattachments', { body: { metadata: { name: 'kept' }, spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'pv' } } } });
});
beforeAll(async () => {
  await send('POST', `${CORE}/pods`, { body: { metadata: { name: 'kept' }, spec: TEMPLATE.spec } });
  await send('POST', SLICE, { body: { metadata: { name: 'kept' }, addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }] } });
  await send('POST', BINDINGS, { body: { metadata: { name: 'kept' }, roleRef: { kind: 'Role', name: 'r', apiGroup: 'rbac.authorization.k8s.io' } } });
  await send('POST', POLICIES, { body: { metadata: { name: 'kept' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } } });
  await send('POST', `${CORE}/events`, { body: { metadata: { name: 'kept' }, involvedObject: { namespace: 'default' }, eventTime: '2020-01-01T00:00:00.000000Z', reportingComponent: 'a/b', reportingInstance: 'i', action: 'A', reason: 'R', type: 'Normal' } });
  await send('POST', CRDS, { body: definition({ names: { plural: 'ks', kind: 'K' } }, { name: 'ks.x.example' }) });
});
afterAll(() => server[Symbol.asyncDispose]());

const definition = (changes: object, metadata: object = {}, schema: object = {}): object => ({
  metadata: { name: 'as.x.example', ...metadata },
  spec: {
    group: 'x.example', scope: 'Namespaced', names: { plural: 'as', kind: 'A' },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', ...schema } } }],
    ...changes,
  },
});
const causesOf = ({ body }: TestAnswer): string[] =>
  ((body as { readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] } }).details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);

const SLICE = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const PARAMETERS = { parameterNotFoundAction: 'Deny', selector: { matchLabels: { b: '1', a: '2' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] } };

interface Case {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly accept?: string;
  /** Instead of the dry run's. */
  readonly query?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly message?: string | RegExp;
  readonly causes?: readonly string[];
  readonly warnings?: readonly string[];
  readonly expected?: object;
}

const cases: readonly Case[] = [
  {
    name: 'a StatefulSet keeps no maxUnavailable, whose feature is off', path: `${APPS}/statefulsets`, status: 201,
    body: { metadata: { name: 's' }, spec: { selector: SELECTOR, template: TEMPLATE, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1, maxUnavailable: 0 } }, volumeClaimTemplates: [] } },
    expected: { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } } },
  },
  {
    name: 'external addresses of an ExternalName service are ignored, not deprecated', path: `${CORE}/services`, status: 201, body: { metadata: { name: 's' }, spec: { type: 'ExternalName', externalName: 'a.example', externalIPs: ['1.2.3.4'] } },
    warnings: ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  },
  { name: 'a generateName that a URL cannot carry', path: `${CORE}/replicationcontrollers`, body: { metadata: { name: 'r', generateName: 'A/b' }, spec: { template: TEMPLATE } }, status: 422, causes: ["metadata.generateName: Invalid value: \"A/b\": may not contain '/'"] },
  { name: 'a list for bytes', path: `${CORE}/configmaps`, body: { metadata: { name: 'c' }, binaryData: { b: ['x'] } }, status: 400, message: /cannot unmarshal string into Go struct field ConfigMap\.binaryData of type uint8$/ },
  { name: 'numbers for bytes', path: `${CORE}/configmaps`, body: { metadata: { name: 'c' }, binaryData: { b: [0, 1, 2] } }, status: 201, expected: { binaryData: { b: 'AAEC' } } },
  {
    name: 'a wrong value in a map of a named type', path: `${CORE}/persistentvolumeclaims`, body: { metadata: { name: 'c' }, status: { allocatedResourceStatuses: { a: 1 } } }, status: 400,
    message: /cannot unmarshal number into Go struct field PersistentVolumeClaimStatus\.status\.allocatedResourceStatuses of type v1\.ClaimResourceStatus$/,
  },
  { name: 'an apiVersion of three parts', path: `${CORE}/configmaps`, body: { apiVersion: 'a/b/c' }, status: 400, message: 'the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})' },
  { name: 'a merge patch that sets an apiVersion of three parts', method: 'PATCH', path: `${CORE}/configmaps/kept`, body: { apiVersion: 'a/b/c' }, status: 422, message: /: unexpected GroupVersion string: a\/b\/c$/ },
  {
    name: 'a merge patch that sets a kind of another type, whose quotation is safe in HTML', method: 'PATCH', path: `${CORE}/configmaps/kept`, body: { kind: 1 }, status: 422,
    message: /\\\\u003cv\\\\u003e.*: couldn't get version\/kind; json parse error: json: cannot unmarshal number into Go struct field \.kind of type string$/,
  },
  { name: 'a strategic patch that sets a kind of another type', method: 'PATCH', path: `${CORE}/configmaps/kept`, type: 'application/strategic-merge-patch+json', body: { kind: 1 }, status: 422, message: / cannot convert int64 to string$/ },
  {
    name: 'a strategic patch whose number does not fit keeps its low bits', method: 'PATCH', path: `${APPS}/deployments/kept`, type: 'application/strategic-merge-patch+json', body: { spec: { replicas: 2_147_483_648 } }, status: 422,
    causes: ['spec.replicas: Invalid value: -2147483648: must be greater than or equal to 0'],
  },
  {
    name: 'an applied number that does not fit keeps its low bits', method: 'PATCH', path: `${APPS}/deployments/kept`, type: 'application/apply-patch+yaml', status: 422,
    body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'kept' }, spec: { minReadySeconds: 2_147_483_648 } }, causes: ['spec.minReadySeconds: Invalid value: -2147483648: must be greater than or equal to 0'],
  },
  {
    name: 'a strategic patch of a time by a number', method: 'PATCH', path: `${CORE}/configmaps/kept`, type: 'application/strategic-merge-patch+json', body: { metadata: { creationTimestamp: 5 } }, status: 422,
    message: / json: cannot unmarshal number into Go value of type string$/,
  },
  { name: 'a strategic patch is told without the nulls that met nothing', method: 'PATCH', path: `${APPS}/deployments/kept`, type: 'application/strategic-merge-patch+json', body: { spec: { selector: { matchExpressions: { x: null } } } }, status: 422, message: /"map\[spec:map\[selector:map\[matchExpressions:map\[\]\]\]\]": cannot restore slice from map$/ },
  {
    name: 'a volume attachment that changes shows its volume as upstream has it inside', method: 'PATCH', path: '/apis/storage.k8s.io/v1/volumeattachments/kept', body: { spec: { source: { inlineVolumeSpec: {} } } }, status: 422,
    message: /"InlineVolumeSpec":\{"Capacity":null,"GCEPersistentDisk":null,.*"CSI":null,"AccessModes":null,"ClaimRef":null,"PersistentVolumeReclaimPolicy":"",.*"VolumeAttributesClassName":null\}\}/,
  },
  { name: 'a definition is not generated a name either', path: CRDS, body: definition({}, { generateName: 'a' }), status: 422, causes: ['metadata.generateName: Invalid value: "a": must be spec.names.plural+"."+spec.group'] },
  { name: 'a schema that names its dialect', path: CRDS, body: definition({}, {}, { $schema: 'x' }), status: 422, message: /OpenAPIV3Schema 'schema' is not supported$|only \[Description/ },
  { name: 'defaults beside unknown fields that are kept', path: CRDS, body: definition({ preserveUnknownFields: true }, {}, { properties: { spec: { type: 'string', default: 'x' } } }), status: 422, message: /must be false in order to use defaults in the schema/ },
  { name: 'an empty list at the root of a schema', path: CRDS, body: definition({}, {}, { allOf: [] }), status: 422, message: /only \[Description/ },
  { name: 'a format of an object', path: CRDS, body: definition({}, {}, { format: 'x' }), status: 201, warnings: ['unrecognized format "x"'] },
  { name: 'a selector that cannot be read is not compared with labels', path: '/apis/batch/v1/namespaces/default/jobs', status: 422, body: { metadata: { name: 'j' }, spec: { manualSelector: true, selector: { matchLabels: { a: 'b', k: '-a' } }, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } } }, message: /^Job\.batch "j" is invalid: spec\.selector\.matchLabels: Invalid value: "-a": [^`]*$/ },
  { name: 'an expression that is empty', path: '/apis/resource.k8s.io/v1/deviceclasses', status: 422, body: { metadata: { name: 'd' }, spec: { selectors: [{ cel: { expression: '' } }] } }, message: /<input>:1:0: Syntax error: mismatched input '<EOF>' expecting \{[^}]*\}$/ },
  { name: 'a topology that is not kept counts as a change', method: 'PATCH', path: `${SLICE}/kept`, body: { endpoints: [{ addresses: ['1.2.3.4'], deprecatedTopology: { a: 'b' } }] }, status: 200, expected: { metadata: { generation: 2 }, endpoints: [{ addresses: ['1.2.3.4'] }] } },
  { name: 'an empty list that gets its default again is no change', method: 'PATCH', path: `${POLICIES}/kept`, body: { spec: { policyTypes: [] } }, status: 200, expected: { metadata: { generation: 1 }, spec: { policyTypes: ['Ingress'] } } },
  {
    name: 'of a binding’s role first what is wrong with it is told, then that it changed', method: 'PATCH', path: `${BINDINGS}/kept`, body: { roleRef: { name: '' } }, status: 422,
    causes: ['roleRef.name: Required value', 'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":""}: cannot change roleRef'],
  },
  { name: 'the source of an event as upstream has it inside', method: 'PATCH', path: '/apis/events.k8s.io/v1/namespaces/default/events/kept', body: { deprecatedSource: { host: 'h' } }, status: 422, causes: ['source: Invalid value: {"Component":"","Host":"h"}: field is immutable'] },
  { name: 'a definition without a spec', method: 'PATCH', path: `${CRDS}/ks.x.example`, body: { spec: null }, status: 422, message: /spec\.group: Required value/ },
  { name: 'stored versions that are given empty are the one that is stored', method: 'PATCH', path: `${CRDS}/ks.x.example/status`, body: { status: { storedVersions: [] } }, status: 200, expected: { status: { storedVersions: ['v1'] } } },
  {
    name: 'a JSON patch that breaks an item of a list sorts that item only', method: 'PATCH', path: `${APPS}/deployments/kept`, type: 'application/json-patch+json', status: 422, message: /\\"containers\\":\[\{\\"image\\":\\"x\\",.*\\"name\\":1,/,
    body: [{ op: 'replace', path: '/spec/template/spec/containers/0/name', value: 1 }],
  },
  {
    name: 'a table shows the parameters of a binding as upstream’s type prints itself', path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', type: 'application/json', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io', status: 201,
    body: { metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], paramRef: PARAMETERS } },
    expected: { rows: [{ cells: ['b', 'p', '&LabelSelector{MatchLabels:map[string]string{a: 2,b: 1,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}', expect.any(String)] }] },
  },
  { name: 'owners of an event in the other group are forgotten', method: 'PATCH', path: `/apis/events.k8s.io/v1/namespaces/default/events/kept`, body: { metadata: { labels: { a: 'b' } } }, status: 200, expected: { metadata: { managedFields: [{ apiVersion: 'events.k8s.io/v1' }] } } },
  { name: 'an event is deleted the same whatever is to become of dependents', method: 'DELETE', path: `${CORE}/events/kept`, body: { propagationPolicy: 'Foreground', dryRun: ['All'] }, status: 200, expected: { kind: 'Status' } },
  { name: 'a continue token is read before the version beside it', method: 'GET', path: `${CORE}/configmaps`, query: '?continue=abc&resourceVersion=5', status: 400, message: /^invalid continue token: / },
  { name: 'an event is looked at before its name', path: `${CORE}/events`, body: { involvedObject: { namespace: 'x' } }, status: 422, causes: ['involvedObject.namespace: Invalid value: "x": does not match event.namespace'] },
  {
    name: 'the health of what a container has', method: 'PATCH', path: `${CORE}/pods/kept/status`, status: 422,
    body: { status: { containerStatuses: [{ name: 'c', image: 'x', imageID: '', ready: true, restartCount: 0, allocatedResourcesStatus: [{ name: 'a/b', resources: [{ resourceID: 'r' }] }] }], extendedResourceClaimStatus: { resourceClaimName: 'c', requestMappings: [] } } },
    causes: [
      'status.extendedResourceClaimStatus.requestMappings: Required value: at least one request mapping is required',
      "status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: \"a/b\": must match one of the container's resource requests",
      'status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health: Unsupported value: "": supported values: "Healthy", "Unhealthy", "Unknown"',
    ],
  },
  { name: 'an eviction into another namespace', path: `${CORE}/pods/none/eviction`, body: { metadata: { name: 'none', namespace: 'other' } }, status: 400, message: 'the namespace of the provided object does not match the namespace sent on the request' },
  { name: 'an eviction that is and is not a dry run', path: `${CORE}/pods/none/eviction`, body: { metadata: { name: 'none' }, deleteOptions: { dryRun: ['x'] } }, status: 500, message: 'Non-matching dry-run options in request and content: [All] and [x]' },
  { name: 'a token bound to a name that a URL cannot carry', path: `${CORE}/serviceaccounts/default/token`, body: { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'a/b' } } }, status: 400, message: 'Name parameter invalid: "a/b": may not contain \'/\'' },
];

for (const { name, method = 'POST', path, type, accept, query: given, body, status, message, causes, warnings, expected } of cases) {
  test(name, async () => {
    const query = given ?? (type === 'application/apply-patch+yaml' ? '?dryRun=All&fieldManager=m' : '?dryRun=All');
    const answer = await send(method, path + query, { body, headers: { ...(type === undefined ? {} : { 'content-type': type }), ...(accept === undefined ? {} : { accept }) } });
    expect({ status: answer.status, message: status < 300 ? undefined : answer.body.message }).toMatchObject({ status });
    if (typeof message === 'string') expect(answer.body.message).toBe(message);
    else if (message !== undefined) expect(answer.body.message).toMatch(message);
    if (causes !== undefined) expect(causesOf(answer)).toEqual(causes);
    if (warnings !== undefined) expect([answer.headers['warning'] ?? []].flat()).toEqual(warnings.map((text) => `299 - ${JSON.stringify(text)}`));
    if (expected !== undefined) expect(answer.body).toMatchObject(expected);
  });
}
