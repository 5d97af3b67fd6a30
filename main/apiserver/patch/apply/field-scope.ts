import { schemaOfKind, type ObjectSchema } from '../../../../kube/api/schema.ts';
import { toTyped } from '../../../../kube/api/typed-object.ts';
import { apiVersionOf, parseApiVersion, type GroupVersionKind } from '../../../../kube/apimachinery/gvr.ts';
import { fieldSetOf, type FieldSet } from './field-set.ts';
import { DEDUCED, mergeTypeOf, type MergeType } from './merge-type.ts';
import { fieldElement } from './path-element.ts';

/** An object as JSON. */
export type Fields = Record<string, unknown>;

/** Where fields are tracked: one kind in the version of a request, maybe one subresource. Made once per endpoint. */
export interface FieldScope {
  readonly kind: GroupVersionKind;
  readonly subresource?: string;
  /** Of a built-in kind. */
  readonly schema?: ObjectSchema;
  /** Of a custom resource, from its structural schema; absent with schema too: everything is deduced from the values. */
  readonly type?: MergeType;
  /** Paths that a write through this endpoint never changes, so that it does not own them: `[['status']]`. */
  readonly resetFields?: readonly (readonly string[])[];
  /** Brings an object into another version of its kind; undefined for a version that is not served any more. Needed where a kind has several. */
  readonly convert?: (object: Fields, apiVersion: string) => Fields | undefined;
  /** The type in such another version; absent for built-in kinds, whose types are known. */
  readonly typeIn?: (apiVersion: string) => MergeType | undefined;
}

export function apiVersionOfScope({ kind }: FieldScope): string {
  return apiVersionOf(kind);
}

export function typeOfScope({ schema, type }: FieldScope): MergeType {
  return type ?? (schema === undefined ? DEDUCED : mergeTypeOf(schema));
}

export function resetFieldsOf({ resetFields }: FieldScope): FieldSet {
  return fieldSetOf(...(resetFields ?? []).map((path) => path.map(fieldElement)));
}

/** By scope, of which there is one an endpoint. */
const emptyObjects = new WeakMap<FieldScope, Fields>();

/** What a created object is compared with: as Go writes a new object, with the structs that are always there. */
export function emptyObjectOf(scope: FieldScope): Fields {
  const known = emptyObjects.get(scope);
  if (known !== undefined) return known;
  const head = { kind: scope.kind.kind, apiVersion: apiVersionOfScope(scope) };
  const empty = scope.schema === undefined ? head : toTyped(scope.schema, head, { nulls: true });
  emptyObjects.set(scope, empty);
  return empty;
}

/** A value and its type in one version. */
export interface Versioned {
  readonly value: unknown;
  readonly type: MergeType;
}

/** The object in the version that a manager named its fields in; undefined when that version is gone. */
export function inVersion(scope: FieldScope, value: unknown, apiVersion: string): Versioned | undefined {
  if (apiVersion === apiVersionOfScope(scope)) return { value, type: typeOfScope(scope) };
  const converted = scope.convert?.(value as Fields, apiVersion);
  const type = scope.typeIn === undefined ? builtInTypeIn(scope, apiVersion) : scope.typeIn(apiVersion);
  return converted === undefined || type === undefined ? undefined : { value: converted, type };
}

function builtInTypeIn({ kind }: FieldScope, apiVersion: string): MergeType | undefined {
  const schema = schemaOfKind({ ...parseApiVersion(apiVersion), kind: kind.kind });
  return schema === undefined ? undefined : mergeTypeOf(schema);
}

/** Back into the version of the request. */
export function fromVersion(scope: FieldScope, value: unknown, apiVersion: string): unknown {
  const own = apiVersionOfScope(scope);
  return apiVersion === own ? value : (scope.convert?.(value as Fields, own) ?? value);
}
