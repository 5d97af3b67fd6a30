import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import type * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';
import { schemaOfMessage } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import type { FieldError } from '../../../kube/apimachinery/field-error.ts';
import { goJson, goQuote } from '../../../kube/apimachinery/go-format.ts';
import { deepCopy, isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Printer } from '../negotiation/printers/printer.ts';
import type { MergeType } from '../patch/apply/merge-type.ts';
import { mergeTypeOfCustomResource } from '../patch/apply/structural-merge-type.ts';
import { celLibrary } from '../cel/cel-environment.ts';
import { CelRules, type RuleTiming } from './cel-rules.ts';
import { validateEmbeddedResources } from './embedded-resources.ts';
import { type JsonObject, type JsonSchema, propertyOf, someSchema } from './json-schema.ts';
import { type PrinterColumn, customPrinter } from './printer-columns.ts';
import { validateListTypes, validateValue } from './schema-validator.ts';
import { applyDefaults, dropNulls, embeddedResources, prune } from './structural.ts';

type Definition = apiextensions.CustomResourceDefinition;

/** One version of a custom resource, ready to serve. Made anew whenever its definition changes. */
export interface CustomVersion {
  readonly name: string;
  readonly listKind: string;
  readonly schema: JsonSchema;
  readonly hasStatus: boolean;
  readonly scale: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath?: string } | undefined;
  readonly printer: Printer;
  readonly mergeType: MergeType;
  /** Of every version, for server-side apply across versions. */
  readonly mergeTypes: ReadonlyMap<string, MergeType>;
  readonly selectableFields: readonly string[];
  /** The Warning that every request to a deprecated version gets. */
  readonly deprecation: string | undefined;
  readonly isTerminating: boolean;
  readonly hasDefaults: boolean;
  readonly rules: CelRules;
}

const ANYTHING: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export function compileVersions({ spec, metadata }: Definition, timing?: RuleTiming): readonly CustomVersion[] {
  const schemas = new Map(spec.versions.map(({ name, schema }) => [name, schemaOf(schema, spec.preserveUnknownFields)]));
  const mergeTypes = new Map([...schemas].map(([name, schema]) => [`${spec.group}/${name}`, mergeTypeOfCustomResource(schema as never)]));
  return spec.versions.map((version) => {
    const schema = schemas.get(version.name) ?? ANYTHING;
    const scale = version.subresources?.scale;
    const deprecation = version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`;
    return {
      name: version.name,
      listKind: spec.names.listKind ?? `${spec.names.kind}List`,
      schema,
      hasStatus: version.subresources?.status !== undefined,
      scale,
      printer: customPrinter(version.additionalPrinterColumns as readonly PrinterColumn[] | undefined),
      mergeType: mergeTypes.get(`${spec.group}/${version.name}`) ?? mergeTypeOfCustomResource(ANYTHING as never),
      mergeTypes,
      selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
      deprecation: version.deprecated ? deprecation : undefined,
      isTerminating: metadata.deletionTimestamp !== undefined,
      rules: new CelRules(schema, celLibrary, { timing }),
      hasDefaults: someSchema(schema, (part) => part.default !== undefined),
    };
  });
}

function schemaOf(validation: apiextensions.CustomResourceValidation | undefined, preserve: boolean | undefined): JsonSchema {
  const schema = (validation?.openAPIV3Schema ?? ANYTHING) as JsonSchema;
  return preserve ? { ...schema, 'x-kubernetes-preserve-unknown-fields': true } : schema;
}

export interface DecodedCustomResource {
  readonly object: KubernetesObject;
  /** `unknown field "spec.z"` */
  readonly problems: readonly string[];
}

/**
 * A raw object in this version's form: metadata typed, unknown fields dropped, defaults filled in. The input stays as it is.
 * `keepsNulls`: what server-side apply merged is validated with its nulls. Throws GoDecodeError for metadata of the wrong type.
 */
export function decodeCustomResource({ schema }: Pick<CustomVersion, 'schema'>, raw: Readonly<JsonObject>, options: { readonly keepsNulls?: boolean } = {}): DecodedCustomResource {
  const problems: string[] = [];
  const object = deepCopy(raw) as JsonObject;
  const onUnknown = (path: string): void => void problems.push(`unknown field ${goQuote(path)}`);
  const metadata = typedMetadata(object['metadata'], 'metadata', onUnknown);
  prune(object, schema, { isObjectRoot: true, onUnknown });
  object['metadata'] = metadata;
  embeddedResources(object, schema, '', (embedded, path) => {
    if (embedded === object || embedded['metadata'] === undefined) return;
    const at = `${path}.metadata`;
    try {
      embedded['metadata'] = typedMetadata(embedded['metadata'], at, onUnknown);
    } catch (error) {
      if (error instanceof GoDecodeError) throw new GoDecodeError(`${at}: Invalid value: ${goJson(embedded['metadata'])}: ${error.message}`, { cause: error });
      throw error;
    }
  });
  if (!options.keepsNulls) dropNulls(object, schema);
  applyDefaults(object, schema);
  return { object: object as unknown as KubernetesObject, problems };
}

function typedMetadata(metadata: unknown, path: string, onUnknown: (path: string) => void): JsonObject {
  const schema = schemaOfMessage('meta/v1.ObjectMeta');
  if (metadata === undefined || metadata === null) return {};
  if (!isJsonObject(metadata)) throw new GoDecodeError(`json: cannot unmarshal ${Array.isArray(metadata) ? 'array' : typeof metadata} into Go value of type v1.ObjectMeta`);
  return schema ? toTyped(schema, metadata, { onUnknownField: (name) => onUnknown(`${path}.${name}`) }) : metadata;
}

/** What a stored object looks like under the present schema of a version. */
export function readCustomResource({ schema }: Pick<CustomVersion, 'schema'>, stored: KubernetesObject): KubernetesObject {
  const object = deepCopy(stored) as unknown as JsonObject;
  prune(object, schema, { isObjectRoot: true });
  dropNulls(object, schema);
  applyDefaults(object, schema);
  return object as unknown as KubernetesObject;
}

/** A converted object as it may be stored: without what the schema does not know. */
export function prunedCustomResource({ schema }: Pick<CustomVersion, 'schema'>, object: KubernetesObject): KubernetesObject {
  const copy = deepCopy(object) as unknown as JsonObject;
  prune(copy, schema, { isObjectRoot: true });
  return copy as unknown as KubernetesObject;
}

/** The whole object against the schema. */
export function validateCustomResource({ schema }: Pick<CustomVersion, 'schema'>, object: KubernetesObject): readonly FieldError[] {
  return [...validateValue(object, schema, { field: '' }), ...validateEmbeddedResources(object, { ...schema, 'x-kubernetes-embedded-resource': false }, ''), ...validateListTypes(object, schema, '')];
}

/** Its status alone: go-openapi's sentences then begin below `status`. */
export function validateCustomStatus({ schema }: Pick<CustomVersion, 'schema'>, object: KubernetesObject): readonly FieldError[] {
  const { status } = object as { status?: unknown };
  const type = propertyOf(schema, 'status');
  if (type === undefined || status === undefined) return [];
  return [...validateValue(status, type, { field: 'status', text: '' }), ...validateListTypes(status, type, 'status')];
}
