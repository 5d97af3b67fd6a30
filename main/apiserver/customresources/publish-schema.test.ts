import { describe, expect, test } from 'vitest';
import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import type { CustomGroupVersion } from '../openapi/documents.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { JsonSchema } from './json-schema.ts';
import { publishedGroupVersion } from './publish-schema.ts';

function published(spec: JsonSchema, dialect: 2 | 3): Record<string, unknown> {
  const schema: JsonSchema = { type: 'object', properties: { spec } };
  const entry = { info: { kind: 'Policy', resource: 'policies' }, custom: { schema, listKind: 'PolicyList', selectableFields: ['spec.a'] } } as unknown as ServedResource;
  const info = { group: 'example.dev', version: 'v1', resources: [{ resource: 'policies' }] } as unknown as GroupVersionInfo;
  return (publishedGroupVersion(info, () => entry) as CustomGroupVersion).definitions(dialect);
}

function specOf(spec: JsonSchema, dialect: 2 | 3): unknown {
  const kind = published(spec, dialect)['dev.example.v1.Policy'] as { properties: { spec: unknown } };
  return kind.properties.spec;
}

describe('published schemas', () => {
  const cases: readonly { readonly name: string; readonly spec: JsonSchema; readonly two: unknown }[] = [
    { name: 'defaults', spec: { type: 'string', default: 'x' }, two: { type: 'string' } },
    { name: 'alternatives', spec: { type: 'string', anyOf: [{ maxLength: 3 }] }, two: { type: 'string' } },
    { name: 'null', spec: { type: 'object', nullable: true, properties: { a: { type: 'string' } } }, two: {} },
    { name: 'fields that may be null among the required', spec: { type: 'object', required: ['a', 'b'], properties: { a: { type: 'string', nullable: true }, b: { type: 'string' } } }, two: { type: 'object', required: ['b'], properties: { a: {}, b: { type: 'string' } } } },
    { name: 'free objects', spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } }, two: { 'x-kubernetes-preserve-unknown-fields': true } },
  ];
  test.each(cases)('in OpenAPI 2 leave out $name, in OpenAPI 3 keep them', ({ spec, two }) => {
    expect(specOf(spec, 2)).toEqual(two);
    expect(specOf(spec, 3)).toEqual(spec);
  });

  test('keep rules in both', () => {
    const spec: JsonSchema = { type: 'object', 'x-kubernetes-validations': [{ rule: 'true' }] };
    expect([specOf(spec, 2), specOf(spec, 3)]).toEqual([spec, spec]);
  });

  test('write out what extensions imply', () => {
    expect(specOf({ 'x-kubernetes-int-or-string': true }, 3)).toMatchObject({ anyOf: [{ type: 'integer' }, { type: 'string' }] });
    expect(specOf({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }, 3)).toMatchObject({
      properties: { kind: { type: 'string' }, apiVersion: { type: 'string' }, metadata: {} }, required: ['kind', 'apiVersion'],
    });
  });

  test('name the resource and its selectable fields', () => {
    const list = published({ type: 'object' }, 3)['dev.example.v1.PolicyList'];
    expect(list).toMatchObject({ properties: { items: { description: expect.stringMatching(/^List of policies\. /) as string } }, 'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.a' }] });
  });
});
