import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import { definitionName } from '../openapi/definition-names.ts';
import { describeMessage } from '../openapi/descriptions.ts';
import type { CustomGroupVersion } from '../openapi/documents.ts';
import { type Dialect, type Json, refTo } from '../openapi/schemas.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { additionalOf, type JsonSchema, propertyOf } from './json-schema.ts';

const OBJECT_META = definitionName('meta/v1.ObjectMeta');
const LIST_META = definitionName('meta/v1.ListMeta');
/** What OpenAPI 2 cannot say (upstream: apiextensions-apiserver, pkg/controller/openapi/v2). */
const NOT_IN_V2 = ['nullable', 'anyOf', 'oneOf', 'allOf', 'not', 'default'];
const METADATA_DESCRIPTION = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** The group version with its schemas where it has custom resources; itself otherwise. */
export function publishedGroupVersion(info: GroupVersionInfo, find: (resource: string) => ServedResource | undefined): GroupVersionInfo | CustomGroupVersion {
  const entries = info.resources.flatMap(({ resource }) => {
    const entry = find(resource);
    return entry?.custom ? [{ kind: entry.info.kind, plural: entry.info.resource, custom: entry.custom }] : [];
  });
  if (entries.length === 0) return info;
  const prefix = `${info.group.split('.').toReversed().join('.')}.${info.version}`;
  const names = new Map(entries.flatMap(({ kind, custom }) => [[kind, `${prefix}.${kind}`], [custom.listKind, `${prefix}.${custom.listKind}`], [`${kind}List`, `${prefix}.${custom.listKind}`]]));
  return {
    ...info,
    definitionOfKind: (kind) => names.get(kind),
    definitions: (dialect) => Object.fromEntries(entries.flatMap(({ kind, plural, custom }): [string, Json][] => {
      const gvk = { group: info.group, version: info.version };
      const selectable = custom.selectableFields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': custom.selectableFields.map((fieldPath) => ({ fieldPath })) };
      return [
        [`${prefix}.${kind}`, { ...kindSchema(custom.schema, { ...gvk, kind }, dialect), ...selectable }],
        [`${prefix}.${custom.listKind}`, { ...listSchema(`${prefix}.${kind}`, { ...gvk, kind: custom.listKind, of: kind, plural }, dialect), ...selectable }],
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
  const own = dialect === 2 ? schemaForV2(schema) : schemaForV3(schema);
  const gvks = [{ group: gvk.group, kind: gvk.kind, version: gvk.version }];
  const isOpaque = dialect === 2 && schema['x-kubernetes-preserve-unknown-fields'] === true && !schema.properties;
  if (isOpaque) return { type: 'object', 'x-kubernetes-group-version-kind': gvks };
  const properties = { ...(own['properties'] as Json | undefined), ...typeMeta(), metadata: metadataRef(OBJECT_META, METADATA_DESCRIPTION, dialect) };
  return { ...own, type: 'object', properties: sortedMembers(properties), 'x-kubernetes-group-version-kind': gvks };
}

function sortedMembers(object: Json): Json {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function listSchema(item: string, { of, plural, ...gvk }: Named & { readonly of: string; readonly plural: string }, dialect: Dialect): Json {
  const list = 'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';
  return {
    description: `${gvk.kind} is a list of ${of}`,
    type: 'object',
    required: ['items'],
    properties: sortedMembers({
      ...typeMeta(),
      items: { description: `List of ${plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`, type: 'array', items: refTo(item, dialect) },
      metadata: metadataRef(LIST_META, list, dialect),
    }),
    'x-kubernetes-group-version-kind': [{ group: gvk.group, kind: gvk.kind, version: gvk.version }],
  };
}

/** Old clients read OpenAPI 2 strictly: what it cannot say exactly is left open. */
function schemaForV2(schema: JsonSchema): Json {
  const result: Json = Object.fromEntries(Object.entries(schema).filter(([name]) => !NOT_IN_V2.includes(name)));
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.nullable || isFree) for (const name of ['items', 'properties']) delete result[name];
  if (schema.nullable || (isFree && schema.type === 'object') || (schema.type === 'array' && result['items'] === undefined)) delete result['type'];
  if (isJsonObject(result['properties'])) result['properties'] = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, schemaForV2(property)]));
  if (schema.items && result['items'] !== undefined) result['items'] = schemaForV2(schema.items);
  const additional = additionalOf(schema);
  if (additional) result['additionalProperties'] = schemaForV2(additional);
  const required = additional?.nullable ? [] : (schema.required ?? []).filter((name) => propertyOf(schema, name)?.nullable !== true);
  if (required.length > 0) result['required'] = required;
  else delete result['required'];
  return schema['x-kubernetes-embedded-resource'] && !isFree ? withEmbeddedFields(result, 2) : result;
}

/** OpenAPI 3 says everything; what the extensions imply is written out. */
function schemaForV3(schema: JsonSchema): Json {
  const result: Json = { ...schema };
  if (schema.properties) result['properties'] = Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, schemaForV3(property)]));
  if (schema.items) result['items'] = schemaForV3(schema.items);
  const additional = additionalOf(schema);
  if (additional) result['additionalProperties'] = schemaForV3(additional);
  if (schema['x-kubernetes-int-or-string']) unfoldIntOrString(schema, result);
  return schema['x-kubernetes-embedded-resource'] ? withEmbeddedFields(result, 3) : result;
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

function unfoldIntOrString({ anyOf, allOf = [] }: JsonSchema, result: Json): void {
  if (deepEqual(anyOf, INT_OR_STRING) || deepEqual(allOf[0]?.anyOf, INT_OR_STRING)) return;
  if (anyOf === undefined) result['anyOf'] = INT_OR_STRING;
  else result['allOf'] = [{ anyOf: INT_OR_STRING }, ...allOf];
}

/** An object within the object has a kind, a version and metadata, which need not be declared. */
function withEmbeddedFields(schema: Json, dialect: Dialect): Json {
  const more = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
  const properties = {
    ...(schema['properties'] as Json | undefined),
    apiVersion: { description: `apiVersion defines the versioned schema of this representation of an object. ${more}#resources`, type: 'string' },
    kind: { description: `kind is a string value representing the type of this object. In CamelCase. ${more}#types-kinds`, type: 'string' },
    metadata: metadataRef(OBJECT_META, METADATA_DESCRIPTION, dialect),
  };
  const required = (schema['required'] ?? []) as readonly string[];
  return { ...schema, properties, required: [...required, ...['kind', 'apiVersion'].filter((name) => !required.includes(name))] };
}
