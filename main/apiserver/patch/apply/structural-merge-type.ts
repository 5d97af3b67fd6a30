import { schemaOfMessage } from '../../../../kube/api/schema.ts';
import { DEDUCED, mergeTypeOf, UNTYPED_ATOMIC, UNTYPED_SCALAR, type FieldMergeType, type ListMergeType, type MergeType } from './merge-type.ts';

/** The part of a CRD's openAPIV3Schema that server-side apply reads. */
export interface StructuralSchema {
  readonly format?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
}

/** The type of a custom resource: its schema, with apiVersion, kind and metadata as every object has them. */
export function mergeTypeOfCustomResource(schema: StructuralSchema): MergeType {
  return withObjectFields(mergeTypeOfStructural(schema));
}

export function mergeTypeOfStructural(schema: StructuralSchema): MergeType {
  if (schema['x-kubernetes-int-or-string'] === true) return UNTYPED_SCALAR;
  const type = typeByName(schema);
  return schema['x-kubernetes-embedded-resource'] === true ? withObjectFields(type) : type;
}

/** Texts of a format are any scalar to structured-merge-diff (upstream: kube-openapi/pkg/schemaconv). */
function isPlainText(format: string | undefined): boolean {
  return format === undefined || format === '' || format === 'byte';
}

function typeByName(schema: StructuralSchema): MergeType {
  switch (schema.type) {
    case 'string':
      return isPlainText(schema.format) ? { scalar: 'string' } : UNTYPED_SCALAR;
    case 'integer':
    case 'number':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'array':
      return { list: listType(schema) };
    case 'object':
      return objectType(schema);
    default:
      return schema['x-kubernetes-preserve-unknown-fields'] === true ? DEDUCED : UNTYPED_ATOMIC;
  }
}

function listType(schema: StructuralSchema): ListMergeType {
  const element = lazy(() => (schema.items === undefined ? UNTYPED_ATOMIC : mergeTypeOfStructural(schema.items)));
  const relationship = schema['x-kubernetes-list-type'];
  return {
    relationship: relationship === 'set' || relationship === 'map' ? relationship : 'atomic',
    keys: schema['x-kubernetes-list-map-keys'] ?? [],
    element,
  };
}

function objectType(schema: StructuralSchema): MergeType {
  const fields = new Map<string, () => FieldMergeType>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.set(
      name,
      lazy(() => ({ type: mergeTypeOfStructural(property), defaultValue: property.default })),
    );
  }
  const element = elementType(schema);
  return {
    map: {
      atomic: schema['x-kubernetes-map-type'] === 'atomic',
      field: (name) => fields.get(name)?.(),
      ...(element === undefined ? {} : { element }),
    },
  };
}

/** What members beyond the declared ones are; undefined when there may be none. */
function elementType({ additionalProperties, 'x-kubernetes-preserve-unknown-fields': preserves }: StructuralSchema): (() => MergeType) | undefined {
  if (typeof additionalProperties === 'object') return lazy(() => mergeTypeOfStructural(additionalProperties));
  return additionalProperties === true || preserves === true ? () => DEDUCED : undefined;
}

function withObjectFields(type: MergeType): MergeType {
  const { map } = type;
  if (map === undefined) return type;
  const objectMeta = schemaOfMessage('meta/v1.ObjectMeta');
  const shared = new Map<string, FieldMergeType>([
    ['apiVersion', { type: { scalar: 'string' } }],
    ['kind', { type: { scalar: 'string' } }],
    ['metadata', { type: objectMeta === undefined ? DEDUCED : mergeTypeOf(objectMeta) }],
  ]);
  return { ...type, map: { ...map, field: (name) => shared.get(name) ?? map.field(name) } };
}

/** Computed once: schemas are deep, and most of one is never looked at. */
function lazy<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= compute());
}
