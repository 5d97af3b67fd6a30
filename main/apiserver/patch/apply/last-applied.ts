import { goJson } from '../../../../kube/apimachinery/go-format.ts';
import { isJsonObject, setMember } from '../../../../kube/apimachinery/json.ts';
import { byteLength, TOTAL_ANNOTATION_SIZE_LIMIT_BYTES } from '../../../../kube/apimachinery/name-validation.ts';
import { compareTyped } from './compare-typed.ts';
import { apiVersionOfScope, typeOfScope, type Fields, type FieldScope } from './field-scope.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldSetOfValue } from './typed-field-set.ts';
import { validateTyped } from './validate-typed.ts';

/** The way from kubectl's client-side apply, which kept what it applied in an annotation, to server-side apply. */

export const KUBECTL_MANAGER = 'kubectl';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Fields that the annotation holds and the live object has unchanged; undefined when there is no annotation to go by. */
export function allowedConflicts(scope: FieldScope, live: Fields): FieldSet | undefined {
  const lastApplied = parse(annotationsOf(live)?.[LAST_APPLIED]);
  const type = typeOfScope(scope);
  if (lastApplied === undefined || lastApplied['apiVersion'] !== apiVersionOfScope(scope)) return undefined;
  if (validateTyped(lastApplied, type, { allowDuplicates: false }).length > 0) return undefined;
  if (validateTyped(live, type, { allowDuplicates: false }).length > 0) return undefined;
  const { removed, modified, added } = compareTyped(lastApplied, live, type);
  return [modified, added, removed].reduce(difference, fieldSetOfValue(lastApplied, type));
}

/** Keeps an existing annotation in step, so that a client-side apply may follow. */
export function withLastApplied(object: Fields, applied: Fields): Fields {
  const annotations = annotationsOf(object);
  if (annotations === undefined || !annotations[LAST_APPLIED]) return object;
  const updated = { ...annotations, [LAST_APPLIED]: `${goJson(sorted(withoutLastApplied(applied)))}\n` };
  const sizeBytes = Object.entries(updated).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)), 0);
  const { [LAST_APPLIED]: _dropped, ...rest } = annotations;
  const kept = sizeBytes > TOTAL_ANNOTATION_SIZE_LIMIT_BYTES ? rest : updated;
  return { ...object, metadata: { ...(object['metadata'] as Fields), annotations: kept } };
}

function withoutLastApplied(applied: Fields): Fields {
  const annotations = annotationsOf(applied);
  if (annotations === undefined) return applied;
  const { [LAST_APPLIED]: _dropped, ...rest } = annotations;
  return { ...applied, metadata: { ...(applied['metadata'] as Fields), annotations: rest } };
}

function annotationsOf(object: Fields): Fields | undefined {
  const metadata = object['metadata'];
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}

function parse(text: unknown): Fields | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Somebody wrote something else into the annotation: it tells nothing.
    return undefined;
  }
}

/** Go writes maps sorted by key. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const result: Fields = {};
  for (const key of Object.keys(value).sort()) setMember(result, key, sorted(value[key]));
  return result;
}
