import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { wasGivenEmpty } from '../../../../../kube/api/typed-object.ts';
import { byteLength } from '../../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { FieldPath, ROOT_PATH } from '../../validation/field-path.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { checkConfigMapKey } from '../../validation/values.ts';

/** How upstream prints a path that has no name in it. */
const WHOLE_OBJECT = new FieldPath('[]');
const MAX_BYTES = 1024 * 1024;
const IMMUTABLE = 'field is immutable when `immutable` is set';

export const configMapStrategy = buildStrategy<core.ConfigMap>({ namespaced: true, check, checkUpdate });

function check({ data, binaryData }: core.ConfigMap, errors: FieldErrors): void {
  let bytes = 0;
  const dataPath = ROOT_PATH.child('data');
  for (const key of Object.keys(data ?? {})) {
    checkConfigMapKey(key, dataPath.key(key), errors);
    if (binaryData?.[key] !== undefined) errors.invalid(dataPath.key(key), key, 'duplicate of key present in binaryData');
    bytes += byteLength(data?.[key] ?? '');
  }
  for (const key of Object.keys(binaryData ?? {})) {
    checkConfigMapKey(key, ROOT_PATH.child('binaryData').key(key), errors);
    bytes += base64ByteLength(binaryData?.[key] ?? '');
  }
  if (bytes > MAX_BYTES) errors.tooLong(WHOLE_OBJECT, MAX_BYTES);
}

function checkUpdate(next: core.ConfigMap, previous: core.ConfigMap, errors: FieldErrors): void {
  if (!previous.immutable) return;
  if (!next.immutable) errors.forbidden(ROOT_PATH.child('immutable'), IMMUTABLE);
  if (changesMap('data', next, previous)) errors.forbidden(ROOT_PATH.child('data'), IMMUTABLE);
  if (changesMap('binaryData', next, previous)) errors.forbidden(ROOT_PATH.child('binaryData'), IMMUTABLE);
}

/** Also from none at all to an empty one, as Go's reflect.DeepEqual has it. */
export function changesMap<K extends string>(member: K, next: { readonly [name in K]?: object }, previous: { readonly [name in K]?: object }): boolean {
  return !semanticEqual(next[member] ?? {}, previous[member] ?? {}) || (previous[member] === undefined && wasGivenEmpty(next, member));
}

/** Bytes behind base64 text. */
export function base64ByteLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
