import { schemaOfKind } from '../../../../kube/api/schema.ts';
import { parseApiVersion } from '../../../../kube/apimachinery/gvr.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { applyJsonPatch } from '../../../../kube/apimachinery/json-patch.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { DEDUCED, mergeTypeOf } from '../../patch/apply/merge-type.ts';
import { mergeTyped } from '../../patch/apply/merge-typed.ts';
import { jsonOfCel } from '../../cel/json-values.ts';

export type PatchType = 'ApplyConfiguration' | 'JSONPatch';

/** What only the server or the path decides. */
const IMMUTABLE = ['apiVersion', 'kind'] as const;

/** One mutation's outcome on the object, which stays as it is; throws when the patch does not fit. */
export function applyMutation(object: KubernetesObject, { patchType, patch }: { readonly patchType: PatchType; readonly patch: unknown }): KubernetesObject {
  const value = jsonOfCel(patch);
  if (patchType === 'JSONPatch') return jsonPatched(object, value);
  if (!isJsonObject(value)) throw new Error('unexpected return type of an apply configuration expression');
  for (const field of IMMUTABLE) {
    if (value[field] !== undefined && value[field] !== object[field]) throw new Error(`invalid ApplyConfiguration: ${field} must not be changed`);
  }
  const schema = schemaOfKind({ ...parseApiVersion(object.apiVersion), kind: object.kind });
  const type = schema ? mergeTypeOf(schema) : DEDUCED;
  return mergeTyped(object, { apiVersion: object.apiVersion, kind: object.kind, ...value }, type) as KubernetesObject;
}

function jsonPatched(object: KubernetesObject, operations: unknown): KubernetesObject {
  if (!Array.isArray(operations)) throw new Error('unexpected return type of a JSON patch expression');
  const result = applyJsonPatch(object, operations);
  if (!isJsonObject(result) || !isJsonObject(result['metadata'])) throw new Error('the patched object has no metadata');
  return result as unknown as KubernetesObject;
}
