import { aggregateFieldErrors } from '../../../../kube/apimachinery/field-error.ts';
import { validateAnnotations, validateLabels } from '../../../../kube/apimachinery/label-validation.ts';
import { deepCopy, deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';

/** What is asked of a conversion webhook, and what it may answer (upstream: apiextensions-apiserver apiserver/conversion). All pure. */
export interface ConversionReview {
  readonly uid: string;
  readonly apiVersion: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const GROUP = 'apiextensions.k8s.io';
const VERSIONS = ['v1', 'v1beta1'];

export function conversionReview(objects: readonly KubernetesObject[], { uid, desired, versions }: { readonly uid: string; readonly desired: string; readonly versions: readonly string[] }): ConversionReview {
  const version = versions.find((candidate) => VERSIONS.includes(candidate));
  if (version === undefined) throw new Error('no supported conversion review versions');
  const apiVersion = `${GROUP}/${version}`;
  return { uid, apiVersion, body: { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion: desired, objects } } };
}

/** The objects of the answer, as they came; throws the plain reason when it is not one to this review, or a refusal. */
export function convertedObjects(answer: unknown, { uid, apiVersion }: ConversionReview): readonly unknown[] {
  const { apiVersion: version = '', kind = '', response } = isJsonObject(answer) ? answer : {};
  const isV1 = apiVersion === `${GROUP}/v1`;
  if (isV1 && (version !== apiVersion || kind !== 'ConversionReview')) throw new Error(`expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${String(version)}, Kind=${String(kind)}`);
  if (!isJsonObject(response)) throw new Error('no response provided');
  const answered = typeof response['uid'] === 'string' ? response['uid'] : '';
  if (isV1 && answered !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`);
  const { status = '', message } = isJsonObject(response['result']) ? response['result'] : {};
  if (status !== 'Success') throw new Error(typeof message === 'string' && message !== '' ? message : `response.result.status was '${String(status)}', not 'Success'`);
  return Array.isArray(response['convertedObjects']) ? response['convertedObjects'] : [];
}

export interface Conversion {
  readonly original: KubernetesObject;
  readonly converted: unknown;
  readonly desired: string;
}

/**
 * The converted object with the original's metadata but for labels and annotations, which a webhook may change. Throws what follows
 * `conversion webhook for … returned `; `index` tells of one object among several.
 */
export function checkedConversion({ original, converted, desired }: Conversion, index: number | undefined): KubernetesObject {
  const object = index === undefined ? 'object at index 0' : `converted object at index ${index}`;
  if (!isJsonObject(converted)) throw new Error(`invalid ${object}: Object 'Kind' is missing`);
  const { apiVersion = '', kind = '' } = converted;
  if (apiVersion !== desired) throw new Error(`invalid ${object}: invalid groupVersion (expected ${desired}, received ${String(apiVersion)})`);
  if (kind !== original.kind) throw new Error(`invalid ${object}: invalid kind (expected ${original.kind}, received ${String(kind)})`);
  const metadata = isJsonObject(converted['metadata']) ? converted['metadata'] : {};
  for (const [field, label] of [['name', 'name'], ['namespace', 'namespace'], ['uid', 'UID']] as const) {
    const [before, after] = [original.metadata[field] ?? '', metadata[field] ?? ''];
    if (before !== after) throw new Error(`invalid ${index === undefined ? 'object' : object}: must have the same ${label}: ${before} != ${String(after)}`);
  }
  try {
    return { ...converted, metadata: restoredMetadata(original, converted) } as unknown as KubernetesObject;
  } catch (error) {
    throw new Error(`invalid metadata${index === undefined ? '' : ` in object at index ${index}`}: ${(error as Error).message}`, { cause: error });
  }
}

function restoredMetadata({ metadata }: KubernetesObject, converted: Readonly<Record<string, unknown>>): KubernetesObject['metadata'] {
  const answered = converted['metadata'];
  if (answered === undefined) throw new Error('missing metadata in converted object');
  if (!isJsonObject(answered)) throw new Error(`invalid metadata of type ${goTypeOf(answered)} in converted object`);
  const result = deepCopy(metadata) as KubernetesObject['metadata'] & Record<string, unknown>;
  for (const field of ['labels', 'annotations'] as const) {
    const value = answered[field];
    delete result[field];
    if (value === undefined || value === null) continue;
    result[field] = checkedTexts(field, value, metadata[field] ?? {});
  }
  return result;
}

function checkedTexts(field: 'labels' | 'annotations', value: unknown, before: Readonly<Record<string, string>>): Record<string, string> {
  if (!isJsonObject(value)) throw new Error(`invalid metadata.${field} of type ${goTypeOf(value)} in converted object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new Error(`metadata.${field}[${key}] must be a string, but is ${goTypeOf(text)} in converted object`);
  }
  const texts = value as Record<string, string>;
  if (deepEqual(texts, before)) return texts;
  const errors = field === 'labels' ? validateLabels(texts, 'metadata.labels') : validateAnnotations(texts, 'metadata.annotation');
  if (errors.length === 0) return texts;
  throw new Error(aggregateFieldErrors(errors));
}

function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'string': return 'string';
    case 'boolean': return 'bool';
    case 'number': return Number.isInteger(value) ? 'int64' : 'float64';
    default: return 'map[string]interface {}';
  }
}
