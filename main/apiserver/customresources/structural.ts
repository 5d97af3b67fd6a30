import { deepCopy, isJsonObject, setMember } from '../../../kube/apimachinery/json.ts';
import { type JsonObject, type JsonSchema, memberSchema, propertyOf } from './json-schema.ts';

/**
 * Pruning and defaulting (upstream: apiextensions-apiserver, pkg/apiserver/schema/{pruning,defaulting}). All functions change a freshly
 * decoded object in place. The root's apiVersion, kind and metadata are known without being declared, as are those of embedded resources.
 */

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

export interface Pruning {
  readonly isObjectRoot: boolean;
  /** Told of each field that is dropped: `spec.list[0].foo`. */
  readonly onUnknown?: (path: string) => void;
}

export function prune(value: unknown, schema: JsonSchema, options: Pruning): void {
  pruneValue(value, schema, { ...options, path: '' });
}

function pruneValue(value: unknown, schema: JsonSchema, context: Pruning & { readonly path: string }): void {
  if (Array.isArray(value)) {
    if (!schema.items) return;
    for (const [index, item] of value.entries()) pruneValue(item, schema.items, { ...context, isObjectRoot: isEmbedded(schema.items), path: `${context.path}[${index}]` });
    return;
  }
  if (!isJsonObject(value)) return;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const name of Object.keys(value)) {
    if (context.isObjectRoot && OBJECT_FIELDS.has(name)) continue;
    const member = memberSchema(schema, name);
    const path = context.path === '' ? name : `${context.path}.${name}`;
    if (member) pruneValue(value[name], member, { ...context, isObjectRoot: isEmbedded(member), path });
    else if (!preserves) {
      delete value[name];
      context.onUnknown?.(path);
    }
  }
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** Null where it is not allowed means absent: so that the default takes its place, or nothing does. */
export function dropNulls(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) dropNulls(item, schema.items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const memberType = memberSchema(schema, name);
    if (!memberType) continue;
    const isDeclared = propertyOf(schema, name) !== undefined;
    if (member === null && isDeclared && memberType.nullable !== true) delete value[name];
    else dropNulls(member, memberType);
  }
}

export function applyDefaults(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (const [index, item] of value.entries()) {
      if (item === null && items.nullable !== true && items.default !== undefined) value[index] = deepCopy(items.default);
      applyDefaults(value[index], items);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && !Object.hasOwn(value, name)) setMember(value, name, deepCopy(property.default));
    if (Object.hasOwn(value, name)) applyDefaults(value[name], property);
  }
  for (const [name, member] of Object.entries(value)) {
    if (propertyOf(schema, name)) continue;
    const additional = memberSchema(schema, name);
    if (!additional) continue;
    if (member === null && additional.nullable !== true && additional.default !== undefined) setMember(value, name, deepCopy(additional.default));
    applyDefaults(value[name], additional);
  }
}

/** Every embedded resource in the value, with its path. */
export function embeddedResources(value: unknown, schema: JsonSchema, path: string, visit: (object: JsonObject, path: string) => void): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const [index, item] of value.entries()) embeddedResources(item, schema.items, `${path}[${index}]`, visit);
    return;
  }
  if (!isJsonObject(value)) return;
  if (isEmbedded(schema)) visit(value, path);
  for (const [name, member] of Object.entries(value)) {
    const type = memberSchema(schema, name);
    if (type) embeddedResources(member, type, path === '' ? name : `${path}.${name}`, visit);
  }
}
