import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../apimachinery/json.ts';
import { schemaOfKind, type ObjectSchema } from './schema.ts';
import { toTyped } from './typed-object.ts';

function schema(group: string, version: string, kind: string): ObjectSchema {
  const found = schemaOfKind({ group, version, kind });
  if (!found) throw new Error(`no schema of ${kind}`);
  return found;
}

const pod = schema('', 'v1', 'Pod');

describe('toTyped', () => {
  it('gives the form that Go would write', () => {
    const input = deepFreeze({
      spec: { containers: [{ name: 'a', image: null, args: [], command: ['x'], tty: false, resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }] },
      kind: 'Pod',
    });
    expect(structuredClone(toTyped(pod, input))).toEqual({
      kind: 'Pod',
      metadata: {},
      spec: { containers: [{ name: 'a', command: ['x'], resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
      status: {},
    });
  });

  it('keeps zero values of pointers', () => {
    const typed = toTyped(schema('apps', 'v1', 'Deployment'), { spec: { replicas: 0, minReadySeconds: 0 } });
    expect(typed['spec']).toMatchObject({ replicas: 0 });
    expect(typed['spec']).not.toHaveProperty('minReadySeconds');
  });

  it('writes null where Go does, when asked', () => {
    const role = schema('rbac.authorization.k8s.io', 'v1', 'Role');
    expect(toTyped(role, {}, { nulls: true })).toEqual({ metadata: {}, rules: null });
    expect(toTyped(role, {})).toEqual({ metadata: {} });
  });

  it('reports unknown fields in the order met', () => {
    const unknown: string[] = [];
    toTyped(pod, { foo: 1, spec: { containers: [{ name: 'a', env: [{ name: 'X', u5: 1 }], u4: 1 }], u1: 1 } }, { onUnknownField: (path) => unknown.push(path) });
    expect(unknown).toEqual(['foo', 'spec.containers[0].env[0].u5', 'spec.containers[0].u4', 'spec.u1']);
  });

  it('keeps a label named __proto__ as a plain member', () => {
    const typed = toTyped(pod, JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}') as Record<string, unknown>);
    expect(JSON.stringify(typed)).toContain('{"__proto__":"x"}');
  });

  const failures: readonly { readonly name: string; readonly value: Record<string, unknown>; readonly message: string }[] = [
    { name: 'a list for a struct', value: { metadata: [] }, message: 'json: cannot unmarshal array into Go struct field Pod.metadata of type v1.ObjectMeta' },
    { name: 'a number in a string map', value: { metadata: { labels: { a: 1 } } }, message: 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string' },
    { name: 'a fraction for an integer', value: { metadata: { generation: 1.5 } }, message: 'json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64' },
    { name: 'an object for a list', value: { spec: { containers: {} } }, message: 'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container' },
    { name: 'a number for a named string', value: { spec: { restartPolicy: 1 } }, message: 'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy' },
    {
      name: 'what ends the decoding, whatever came before it', message: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      value: { metadata: { generation: 'x' }, spec: { containers: [{ name: 1, env: {}, ports: [{ containerPort: '80' }], resources: { limits: { cpu: 'abc' } } }] } },
    },
    { name: 'the first of several that do not end it', value: { spec: { restartPolicy: 1, hostNetwork: 'x' } }, message: 'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy' },
    { name: 'no time', value: { metadata: { creationTimestamp: 'x' } }, message: 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"' },
  ];
  it.each(failures)('refuses $name in Go’s words', ({ value, message }) => {
    expect(() => toTyped(pod, value)).toThrow(message);
  });

  it('drops the zero values that Go writes in protobuf for schemas of items, booleans and names, too', () => {
    const zeros = { id: '', $schema: '', description: '', nullable: false, uniqueItems: false, exclusiveMaximum: false };
    const inner = { ...zeros, type: 'string', enum: ['a'] };
    const wanted = { type: 'string', enum: ['a'] };
    const unknown: string[] = [];
    const input = deepFreeze({
      spec: {
        group: 'g', scope: 'Namespaced', names: { plural: 'x', kind: 'X' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: {
          ...zeros, type: 'object', items: { ...zeros, type: 'object', properties: { p: { ...zeros, items: inner } } }, additionalProperties: { ...inner, foo: 1 }, dependencies: { d: inner, n: ['a'] }, additionalItems: false,
        } } }],
      },
    });
    const { spec } = toTyped(schema('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition'), input, { onUnknownField: (path) => unknown.push(path) });
    const { versions } = spec as { versions: { schema: { openAPIV3Schema: unknown } }[] };
    expect(versions[0]?.schema.openAPIV3Schema).toEqual({
      type: 'object', items: { type: 'object', properties: { p: { items: wanted } } }, additionalProperties: wanted, dependencies: { d: wanted, n: ['a'] }, additionalItems: false,
    });
    expect(unknown).toEqual([]);
  });
});
