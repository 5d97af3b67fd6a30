import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { definitionName } from '../openapi/definition-names.ts';
import { describeMessage } from '../openapi/descriptions.ts';
import type { CustomGroupVersion } from '../openapi/documents.ts';
import { type Dialect, type Json, refTo } from '../openapi/schemas.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';

const OBJECT_META = definitionName('meta/v1.ObjectMeta');
const LIST_META = definitionName('meta/v1.ListMeta');
/** What OpenAPI 2 cannot say (upstream: apiextensions-apiserver, pkg/controller/openapi/v2). */
const NOT_IN_V2 = ['nullable', 'anyOf', 'oneOf', 'allOf', 'not', 'x-kubernetes-validations'];

/** The group version with its schemas where it has custom resources; itself otherwise. */
export function publishedGroupVersion(info: GroupVersionInfo, find: (resource: string) => ServedResource | undefined): GroupVersionInfo | CustomGroupVersion {
  const entries = info.resources.flatMap(({ resource }) => {
    const entry = find(resource);
    return entry?.custom ? [{ kind: entry.info.kind, custom: entry.custom }] : [];
  });
  if (entries.length === 0) return info;
  const prefix = `${info.group.split('.').toReversed().join('.')}.${info.version}`;
  const names = new Map(entries.flatMap(({ kind, custom }) => [[kind, `${prefix}.${kind}`], [custom.listKind, `${prefix}.${custom.listKind}`], [`${kind}List`, `${prefix}.${custom.listKind}`]]));
  return {
    ...info,
    definitionOfKind: (kind) => names.get(kind),
    definitions: (dialect) => Object.fromEntries(entries.flatMap(({ kind, custom }): [string, Json][] => {
      const gvk = { group: info.group, version: info.version };
      return [
        [`${prefix}.${kind}`, kindSchema(custom.schema, { ...gvk, kind }, dialect)],
        [`${prefix}.${custom.listKind}`, listSchema(`${prefix}.${kind}`, { ...gvk, kind: custom.listKind, of: kind }, dialect)],
      ];
    })),
  };
}

interface Named {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function typeMeta(): Json {
  const texts = describeMessage('core/v1.Pod');
  return { apiVersion: { description: texts['apiVersion'], type: 'string' }, kind: { description: texts['kind'], type: 'string' } };
}

function metadataRef(name: string, description: string, dialect: Dialect): Json {
  return dialect === 2 ? { description, ...refTo(name, dialect) } : { description, allOf: [refTo(name, dialect)] };
}

function kindSchema(schema: JsonSchema, gvk: Named, dialect: Dialect): Json {
  const own = dialect === 2 ? schemaForV2(schema) : (schema as Json);
  const gvks = [{ group: gvk.group, kind: gvk.kind, version: gvk.version }];
  const isOpaque = dialect === 2 && schema['x-kubernetes-preserve-unknown-fields'] === true && !schema.properties;
  if (isOpaque) return { type: 'object', 'x-kubernetes-group-version-kind': gvks };
  const description = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
  const properties = { ...(own['properties'] as Json | undefined), ...typeMeta(), metadata: metadataRef(OBJECT_META, description, dialect) };
  return { ...own, type: 'object', properties, 'x-kubernetes-group-version-kind': gvks };
}

function listSchema(item: string, { of, ...gvk }: Named & { readonly of: string }, dialect: Dialect): Json {
  const list = 'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';
  return {
    description: `${gvk.kind} is a list of ${of}`,
    properties: {
      ...typeMeta(),
      items: { description: `List of ${of.toLowerCase()}s. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`, items: refTo(item, dialect), type: 'array' },
      metadata: metadataRef(LIST_META, list, dialect),
    },
    required: ['items'],
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: gvk.group, kind: gvk.kind, version: gvk.version }],
  };
}

/** Old clients read OpenAPI 2 strictly: what it cannot say exactly is left open. */
function schemaForV2(schema: JsonSchema): Json {
  const result: Json = Object.fromEntries(Object.entries(schema).filter(([name]) => !NOT_IN_V2.includes(name)));
  if (schema['x-kubernetes-int-or-string']) delete result['type'];
  if (schema.nullable) for (const name of ['type', 'format', 'items', 'properties', 'additionalProperties']) delete result[name];
  else if (schema['x-kubernetes-preserve-unknown-fields']) for (const name of ['items', 'properties', 'type']) delete result[name];
  else {
    if (schema.properties) result['properties'] = Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, schemaForV2(property)]));
    if (schema.items) result['items'] = schemaForV2(schema.items);
    const additional = additionalOf(schema);
    if (additional) result['additionalProperties'] = schemaForV2(additional);
    if (schema['x-kubernetes-embedded-resource'] && isJsonObject(result['properties'])) result['properties'] = { ...result['properties'], ...typeMeta(), metadata: refTo(OBJECT_META, 2) };
  }
  return result;
}
