import { isJsonObject } from '../../../kube/apimachinery/json.ts';

/** A structural schema as a CustomResourceDefinition carries it (apiextensions/v1 JSONSchemaProps), in the parts that serving reads. */
export interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly object[];
}

export type JsonObject = Record<string, unknown>;

/** Own members only: a schema may declare a property `constructor`. */
export function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  return schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

/** The schema of a member beyond the declared ones. */
export function additionalOf({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return isJsonObject(additionalProperties) ? (additionalProperties as JsonSchema) : undefined;
}

export function memberSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  return propertyOf(schema, name) ?? additionalOf(schema);
}

/** Whether any part of the schema satisfies the test. */
export function someSchema(schema: JsonSchema, test: (part: JsonSchema) => boolean): boolean {
  if (test(schema)) return true;
  const additional = additionalOf(schema);
  const parts = [...Object.values(schema.properties ?? {}), ...(additional ? [additional] : []), ...(schema.items ? [schema.items] : [])];
  return parts.some((part) => someSchema(part, test));
}
