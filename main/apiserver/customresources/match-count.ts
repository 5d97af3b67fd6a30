import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { additionalOf, type JsonSchema, propertyOf } from './json-schema.ts';

/**
 * How much of a schema a value was held against: of alternatives that all fail, go-openapi shows the errors of the one with most
 * (upstream: kube-openapi/pkg/validation/validate, Result.MatchCount). What all alternatives have in common is left out.
 */
export function matchCount(value: unknown, schema: JsonSchema): number {
  let count = 1;
  if (schema.type || schema.format) count += 1;
  if (typeof value === 'string' && schema.format) count += 1;
  for (const part of schema.allOf ?? []) count += matchCount(value, part);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) for (const item of value) count += matchCount(item, items);
    return count;
  }
  if (!isJsonObject(value)) return count;
  const additional = additionalOf(schema);
  for (const [name, member] of Object.entries(value)) {
    const type = propertyOf(schema, name) ?? additional;
    // Beside its own: enumeration, junctors, and what belongs to the kind of value.
    if (type) count += matchCount(member, type) + 4;
  }
  return count;
}
