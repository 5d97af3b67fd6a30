import { schemaOfField, type ObjectSchema } from '../../../kube/api/schema.ts';

/** What strategic merge patch needs to know of a type (upstream: strategicpatch.LookupPatchMeta over Go's struct tags). */
export type PatchType =
  | { readonly kind: 'struct'; readonly schema: ObjectSchema }
  | { readonly kind: 'map'; readonly value: PatchType }
  | { readonly kind: 'scalar'; readonly goKind: string };

export interface FieldPatchMeta {
  /** The field's own type, or its element's for a list. */
  readonly type: PatchType;
  readonly strategy: 'merge' | 'replace' | '';
  readonly mergeKey: string;
}

const SCALAR: PatchType = { kind: 'scalar', goKind: 'string' };

export function structType(schema: ObjectSchema): PatchType {
  return { kind: 'struct', schema };
}

/** Throws upstream's text when the type has no such field. */
export function patchMetaOf(type: PatchType, key: string): FieldPatchMeta {
  if (type.kind !== 'struct') {
    const goKind = type.kind === 'map' ? 'map' : type.goKind;
    throw new Error(`merging an object in json but data type is not struct, instead is: ${goKind}`);
  }
  const field = type.schema.fields.get(key);
  if (field === undefined) {
    throw new Error(`unable to find api field in struct ${type.schema.shortName} for the json field ${JSON.stringify(key)}`);
  }
  const schema = schemaOfField(field);
  const element: PatchType = schema === undefined ? SCALAR : structType(schema);
  const strategies = (field.patchStrategy ?? '').split(',').filter((name) => name !== 'retainKeys');
  return {
    type: field.container === 'map' ? { kind: 'map', value: element } : element,
    strategy: strategies[0] === 'merge' || strategies[0] === 'replace' ? strategies[0] : '',
    mergeKey: field.patchMergeKey ?? '',
  };
}

export function goKindOf(type: PatchType): string {
  return type.kind === 'scalar' ? type.goKind : type.kind;
}
