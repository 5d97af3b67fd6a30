import type { Transport } from '../../../../kube/client/transport.ts';
import type { JsonSchema } from '../../customresources/json-schema.ts';

/** A schema of an OpenAPI 3 document. */
export interface OpenApiSchema extends Omit<JsonSchema, 'properties' | 'additionalProperties' | 'items' | 'allOf'> {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

export type OpenApiSchemas = Readonly<Record<string, OpenApiSchema>>;

const CIRCULAR: JsonSchema = { type: 'object' };

/** The schema with everything that it refers to in place; where it contains itself, an object of which nothing is known (upstream: pkg/cel/openapi/resolver/refs.go). */
export function resolveSchema(schema: OpenApiSchema, schemas: OpenApiSchemas): JsonSchema {
  const open = new Set<string>();
  const resolve = (given: OpenApiSchema): JsonSchema => {
    const name = referredName(given);
    if (name === undefined) return populate(given);
    if (open.has(name)) return CIRCULAR;
    open.add(name);
    const resolved = populate(schemas[name] ?? {});
    open.delete(name);
    return resolved;
  };
  const populate = (given: OpenApiSchema): JsonSchema => {
    const { properties, additionalProperties, items, allOf: _, ...plain } = given;
    return {
      ...plain,
      ...(plain.format === 'int-or-string' ? { 'x-kubernetes-int-or-string': true } : {}),
      ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, resolve(value)])) } : {}),
      ...(additionalProperties === undefined ? {} : { additionalProperties: typeof additionalProperties === 'boolean' ? additionalProperties : resolve(additionalProperties) }),
      ...(items ? { items: resolve(items) } : {}),
    };
  };
  return resolve(schema);
}

/** References may be wrapped, for their descriptions' sake: `allOf: [{ $ref }]`. */
function referredName({ $ref, allOf = [] }: OpenApiSchema): string | undefined {
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1);
  for (const schema of allOf) {
    const name = referredName(schema);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Reads the schemas of one OpenAPI 3 document; undefined where there is none. */
export function openApiSchemas(transport: Transport): (document: string) => Promise<OpenApiSchemas | undefined> {
  return async (document) => {
    const { status, body } = await transport.fetch({ method: 'GET', path: `/openapi/v3/${document}`, headers: { accept: 'application/json' } });
    if (status !== 200 || !(body instanceof Uint8Array)) return undefined;
    return (JSON.parse(Buffer.from(body).toString()) as { readonly components?: { readonly schemas?: OpenApiSchemas } }).components?.schemas;
  };
}
