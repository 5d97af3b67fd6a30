import { type FieldSchema, type ObjectSchema, schemaOfField } from '../../../kube/api/schema.ts';

/**
 * What Go's strict decoder looks at in a value: a struct's members are known or not and told when repeated; a map's and a free object's
 * are told when repeated; what has a decoder of its own (raw extensions, schemas) is not looked into.
 */
export type StrictShape =
  | { readonly kind: 'struct'; readonly schema: ObjectSchema }
  | { readonly kind: 'list' | 'map'; readonly item: StrictShape }
  | { readonly kind: 'free' | 'opaque' };

export const FREE: StrictShape = { kind: 'free' };
export const OPAQUE: StrictShape = { kind: 'opaque' };

export function structShape(schema: ObjectSchema): StrictShape {
  return { kind: 'struct', schema };
}

/** The shape of an object's member; undefined when the object has no such field. */
export function memberShape(shape: StrictShape, key: string): StrictShape | undefined {
  if (shape.kind === 'free') return FREE;
  if (shape.kind === 'map') return shape.item;
  if (shape.kind !== 'struct') return OPAQUE;
  const field = shape.schema.fields.get(key);
  if (field !== undefined) return fieldShape(field);
  return shape.schema.isKind && (key === 'kind' || key === 'apiVersion') ? OPAQUE : undefined;
}

export function itemShape(shape: StrictShape): StrictShape {
  if (shape.kind === 'free') return FREE;
  return shape.kind === 'list' ? shape.item : OPAQUE;
}

function fieldShape(field: FieldSchema): StrictShape {
  const schema = schemaOfField(field);
  const value = schema === undefined ? OPAQUE : structShape(schema);
  return field.container === '' ? value : { kind: field.container, item: value };
}
