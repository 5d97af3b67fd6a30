import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

type Schema = apiextensions.JSONSchemaProps;
type Items = { readonly items?: unknown };
const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

function isSchema(value: unknown): value is Schema {
  return isJsonObject(value);
}

/** The x-kubernetes-* of one part of a schema. */
export function checkExtensions(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  if (preserve === false) errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    requireType(schema, 'object', 'x-kubernetes-map-type', { path, errors });
    if (!MAP_TYPES.includes(mapType)) errors.notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES);
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== undefined) {
    requireType(schema, 'array', 'x-kubernetes-list-type', { path, errors });
    if (schema.type === 'array' && listType === 'set') checkSetItems((schema as Items).items, path.child('items'), errors);
    if (!LIST_TYPES.includes(listType)) errors.notSupported(path.child('x-kubernetes-list-type'), listType, LIST_TYPES);
  }
  checkKeys(schema, path, errors);
  checkMapAndSetItems(schema, path.child('items'), errors);
}

function requireType({ type = '' }: Schema, wanted: string, extension: string, { path, errors }: { readonly path: FieldPath; readonly errors: FieldErrors }): void {
  if (type === wanted) return;
  const detail = `must be ${wanted} if ${extension} is specified`;
  if (type === '') errors.required(path.child('type'), detail);
  else errors.invalid(path.child('type'), type, detail);
}

function checkSetItems(items: unknown, path: FieldPath, errors: FieldErrors): void {
  if (!isSchema(items)) return;
  const listType = items['x-kubernetes-list-type'];
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') errors.invalid(path.child('x-kubernetes-list-type'), listType, detail);
  // Upstream shows the list type where it complains about the map type.
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') errors.invalid(path.child('x-kubernetes-map-type'), listType ?? null, detail);
}

function checkKeys(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    if (listType === undefined) errors.required(path.child('x-kubernetes-list-type'), detail);
    else errors.invalid(path.child('x-kubernetes-list-type'), listType, detail);
  }
  if (listType !== 'map') return;
  if (keys.length === 0) errors.required(path.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map');
  const { items } = schema as Items;
  const itemsPath = path.child('items');
  if (items === undefined) errors.required(itemsPath, 'must have a schema if x-kubernetes-list-type is map');
  if (!isSchema(items)) return;
  if (items.type !== 'object') {
    errors.invalid(itemsPath.child('type'), items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map");
    return;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = items.properties && Object.hasOwn(items.properties, key) ? items.properties[key] : undefined;
    if (!property) errors.invalid(path.child('x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties');
    else if (property.type === 'array' || property.type === 'object') errors.invalid(itemsPath.child('properties').key(key).child('type'), items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
    if (seen.has(key)) errors.invalid(path.child('x-kubernetes-list-map-keys'), keys, 'must not contain duplicate entries');
    seen.add(key);
  }
}

/** Items without identity cannot be merged. */
function checkMapAndSetItems(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  const { items } = schema as Items;
  if (!isSchema(items) || (listType !== 'set' && listType !== 'map')) return;
  if (items.nullable) errors.forbidden(path.child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`);
  if (listType !== 'map') return;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties && Object.hasOwn(items.properties, key) ? items.properties[key] : undefined;
    if (!property) continue;
    const at = path.child('properties').key(key);
    if (!items.required?.includes(key) && property.default === undefined) {
      errors.required(at.child('default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property');
    }
    if (property.nullable) errors.forbidden(at.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable');
  }
}
