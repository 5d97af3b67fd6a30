import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import type { RequestContext } from './request.ts';

export interface ExpectedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Decodes the body of a create or update into a fresh object of the expected kind. */
export async function readObject(context: RequestContext, expected: ExpectedKind): Promise<KubernetesObject> {
  const contentType = (context.request.headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim();
  if (contentType !== 'application/json' && contentType !== '') throw newUnsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  const text = Buffer.from(await context.request.readBody()).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  const object = (value ?? {}) as KubernetesObject;
  if (object.kind && object.kind !== expected.kind) {
    throw newBadRequest(`${object.kind} in version ${JSON.stringify(object.apiVersion)} cannot be handled as a ${expected.kind}`);
  }
  if (object.apiVersion && object.apiVersion !== expected.apiVersion) {
    throw newBadRequest(`the API version in the data (${object.apiVersion}) does not match the expected API version (${expected.apiVersion})`);
  }
  return { ...object, apiVersion: expected.apiVersion, kind: expected.kind, metadata: object.metadata ?? { name: '' } };
}
