import { describe, expect, it } from 'vitest';
import type { MessageTable } from '../../../kube/api/definition-table.ts';
import { findMessage } from '../../../kube/api/definitions.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { decodeBody } from './decode-body.ts';
import { encodeWatchEvent } from './encode.ts';
import { encodeMessage } from './protobuf-encode.ts';
import { decodeProtobufEnvelope, encodeProtobufEnvelope } from './protobuf-envelope.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [member: string]: unknown;
}

const samples: readonly Sample[] = [
  {
    kind: 'Pod', apiVersion: 'v1',
    metadata: { name: 'a', namespace: 'b', creationTimestamp: '2024-02-03T04:05:06Z', labels: { x: 'y' }, generation: 3, managedFields: [{ manager: 'm', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} } }] },
    spec: {
      containers: [{ name: 'c', resources: { limits: { cpu: '500m' } }, livenessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 5 }, securityContext: { runAsUser: 0, privileged: false } }],
      volumes: [{ name: 'v', emptyDir: {} }, { name: 's', secret: { secretName: 'x', items: [{ key: 'k', path: 'p' }] } }],
      tolerations: [{ key: 'k', operator: 'Exists', tolerationSeconds: 300 }],
    },
    status: { phase: 'Running' },
  },
  { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { k: 'AAEC/w==' } },
  { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'l' }, spec: { renewTime: '2024-02-03T04:05:06.000007Z', leaseDurationSeconds: 40 } },
  {
    kind: 'CustomResourceDefinition', apiVersion: 'apiextensions.k8s.io/v1', metadata: { name: 'x.y' },
    spec: {
      group: 'y', scope: 'Namespaced', names: { plural: 'x', kind: 'X' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { a: { default: { z: [1, null] }, maximum: 1.5 } }, additionalProperties: false } } }],
    },
    status: { acceptedNames: { plural: '', kind: '' } },
  },
  { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'ü', reason: 'NotFound', details: { name: 'a', causes: [{ field: 'f' }] }, code: 404 },
  { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec: {}, status: { user: { username: 'u', extra: { e: ['1', '2'] } } } },
];

/** k8s\0 and the type v1 Pod. */
const POD_HEAD = '6b3873000a090a0276311203506f64';

/** Tag and value of each field; from the marshallers in generated.pb.go of the types' packages. */
const unset = [
  { name: 'strings, numbers and booleans', message: 'core/v1.AzureFileVolumeSource', object: { secretName: 's' }, hex: '0a017312001800' },
  { name: 'nothing for pointers, lists and maps', message: 'core/v1.SecurityContext', object: {}, hex: '' },
  { name: 'nothing for bytes', message: 'admissionregistration/v1.WebhookClientConfig', object: {}, hex: '' },
  { name: 'structs, with their own fields', message: 'core/v1.PersistentVolumeClaimTemplate', object: {}, hex: '0a100a0012001a0022002a00320038004200120412001a00' },
  { name: 'inlined structs', message: 'core/v1.ConfigMapKeySelector', object: { key: 'k' }, hex: '0a020a0012016b' },
  { name: 'a time, empty', message: 'core/v1.ContainerStateRunning', object: {}, hex: '0a00' },
  { name: 'a quantity, as 0', message: 'core/v1.ResourceFieldSelector', object: { resource: 'r' }, hex: '0a001201721a030a0130' },
  { name: 'a number or string, as number', message: 'core/v1.TCPSocketAction', object: {}, hex: '0a06080010001a001200' },
  { name: 'any JSON object, empty', message: 'apps/v1.ControllerRevision', object: {}, hex: '0a100a0012001a0022002a0032003800420012001800' },
];

function typed(object: Readonly<Record<string, unknown>>, { apiVersion, kind }: Sample): unknown {
  const schema = schemaOfKind({ ...parseApiVersion(apiVersion), kind });
  return schema && toTyped(schema, object);
}

describe('protobuf', () => {
  it.each(samples)('carries a $kind there and back', (sample) => {
    const gvk = { ...parseApiVersion(sample.apiVersion), kind: sample.kind };
    const decoded = decodeProtobufEnvelope(encodeProtobufEnvelope(sample), gvk);
    expect(typed(decoded, sample)).toEqual(typed(sample, sample));
  });

  it('writes the bytes that Go writes', () => {
    const bytes = encodeProtobufEnvelope({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: 'v' } } as never);
    // k8s\0, TypeMeta, then raw: metadata{name and the empty fields up to creationTimestamp} and one map entry, then the two empty strings of runtime.Unknown.
    const metadata = '0a110a016112001a0022002a00320038004200';
    expect(Buffer.from(bytes).toString('hex')).toBe(`6b3873000a0f0a0276311209436f6e6669674d6170121b${metadata}12060a016b1201761a002200`);
  });

  it.each(unset)('writes what is unset in Go as Go does: $name', ({ message, object, hex }) => {
    const writer = new ProtobufWriter();
    encodeMessage(findMessage(message) as MessageTable, object, writer);
    expect(Buffer.from(writer.finish()).toString('hex')).toBe(hex);
  });

  it('writes strings of every length and alphabet', () => {
    const text = ['', 'a', 'ü', '€ and 𝄞', 'x'.repeat(64), 'x'.repeat(3000), `${'y'.repeat(2000)}ß`];
    const data = Object.fromEntries(text.map((value, index) => [`k${index}`, value]));
    const bytes = encodeProtobufEnvelope({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data } as never);
    expect(decodeProtobufEnvelope(bytes, { group: '', version: 'v1', kind: 'ConfigMap' })['data']).toEqual(data);
  });

  it('frames watch events by their length', () => {
    const frame = encodeWatchEvent('ADDED', { kind: 'ConfigMap', apiVersion: 'v1' }, { format: 'protobuf' });
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    expect(view.getUint32(0)).toBe(frame.length - 4);
    expect(Buffer.from(frame.subarray(4, 11)).toString('latin1')).toBe('\n\u0005ADDED');
  });

  it('is read from a request body', () => {
    const body = encodeProtobufEnvelope(samples[1] as Sample);
    const { object } = decodeBody({ contentType: 'application/vnd.kubernetes.protobuf', body, expected: { group: '', version: 'v1', kind: 'Secret' } });
    expect(object).toMatchObject({ kind: 'Secret', data: { k: 'AAEC/w==' } });
  });

  it('refuses truncated bodies', () => {
    const body = encodeProtobufEnvelope(samples[0] as Sample).subarray(0, 60);
    const read = (): unknown => decodeBody({ contentType: 'application/vnd.kubernetes.protobuf', body, expected: { group: '', version: 'v1', kind: 'Pod' } });
    expect(read).toThrow('unexpected EOF');
  });

  // What upstream's generated decoders say; an envelope that cannot be read leaves the kind unknown.
  it.each([
    { name: 'nothing', bytes: '', message: 'the object provided is unrecognized (must be of type Pod): empty data (<empty>)' },
    { name: 'a cut message', bytes: `${POD_HEAD}12020a05`, message: 'Pod in version "v1" cannot be handled as a Pod: unexpected EOF' },
    { name: 'a field of another wire type', bytes: `${POD_HEAD}12040a020801`, message: 'Pod in version "v1" cannot be handled as a Pod: proto: wrong wireType = 0 for field Name' },
    { name: 'a field of another wire type with a name in capitals', bytes: `${POD_HEAD}12040a022801`, message: 'Pod in version "v1" cannot be handled as a Pod: proto: wrong wireType = 0 for field UID' },
    { name: 'a group without an end', bytes: `${POD_HEAD}12040a02a306`, message: 'Pod in version "v1" cannot be handled as a Pod: unexpected EOF' },
    { name: 'field number 0', bytes: `${POD_HEAD}12040a020000`, message: 'Pod in version "v1" cannot be handled as a Pod: proto: ObjectMeta: illegal tag 0 (wire type 0)' },
    { name: 'the end of a group', bytes: '6b3873000c', message: 'the object provided is unrecognized (must be of type Pod): proto: Unknown: wiretype end group for non-group (6b3873000c)' },
  ])('refuses $name', ({ bytes, message }) => {
    const body = Buffer.from(bytes, 'hex');
    expect(() => decodeBody({ contentType: 'application/vnd.kubernetes.protobuf', body, expected: { group: '', version: 'v1', kind: 'Pod' } })).toThrow(message);
  });

  it('skips fields that it does not know, groups too', () => {
    // Number 100: a group that holds a varint and another group; then the name.
    const body = Buffer.from(`${POD_HEAD}120f0a0da3060801ab06ac06a4060a0161`, 'hex');
    const { object } = decodeBody({ contentType: 'application/vnd.kubernetes.protobuf', body, expected: { group: '', version: 'v1', kind: 'Pod' } });
    expect(object['metadata']).toEqual({ name: 'a' });
  });

  it('writes the raw JSON of a revision with the escapes of Go', () => {
    const data = { command: ['sh', '-c', 'a && b > "c"'] };
    const bytes = encodeProtobufEnvelope({ kind: 'ControllerRevision', apiVersion: 'apps/v1', metadata: { name: 'a' }, data, revision: 1 } as never);
    expect(Buffer.from(bytes).toString()).toContain(String.raw`{"command":["sh","-c","a \u0026\u0026 b \u003e \"c\""]}`);
    expect(decodeProtobufEnvelope(bytes, { group: 'apps', version: 'v1', kind: 'ControllerRevision' })['data']).toEqual(data);
  });
});
