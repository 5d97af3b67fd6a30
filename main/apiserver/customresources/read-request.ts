import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { fieldInvalid } from '../../../kube/apimachinery/field-error.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import { addWarning, bodyOf, type RequestContext } from '../endpoints/request.ts';
import { decodeBody, type FieldValidation, strictDecodingError } from '../negotiation/decode-body.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { type CustomVersion, decodeCustomResource } from './custom-version.ts';

/** Decodes the body of a create or update of a custom resource, in the version of the request. */
export async function readCustomBody(context: RequestContext, { info, apiVersion }: ServedResource, { custom, fieldValidation }: { readonly custom: CustomVersion; readonly fieldValidation: FieldValidation }): Promise<KubernetesObject> {
  const { group, version, kind } = info;
  const body = await bodyOf(context);
  const { object: raw, gvk, warnings } = decodeBody({ contentType: context.request.headers['content-type'], body, expected: { group, version, kind }, fieldValidation, unstructured: true });
  const cannotHandle = (reason: string): Error => newBadRequest(`${gvk.kind} in version ${goQuote(gvk.version)} cannot be handled as a ${kind}: ${reason}`);
  if (raw['apiVersion'] !== apiVersion) {
    throw newBadRequest(`the API version in the data (${String(raw['apiVersion'])}) does not match the expected API version (${apiVersion})`);
  }
  const { object, problems } = decodeOr(custom, raw, (message) => cannotHandle(message));
  checkCustomKind(object, info);
  if (fieldValidation === 'Strict' && problems.length > 0) throw cannotHandle(strictDecodingError(problems));
  if (fieldValidation === 'Warn') for (const text of [...warnings, ...problems]) addWarning(context, text);
  return object;
}

/** Upstream leaves a foreign kind to validation. */
export function checkCustomKind(object: KubernetesObject, { group, kind }: { readonly group: string; readonly kind: string }): void {
  if (object.kind === kind) return;
  throw newInvalid({ group, kind: object.kind }, object.metadata.name ?? '', [fieldInvalid('kind', object.kind, `must be ${kind}`)]);
}

/** Metadata of the wrong type becomes the given error. */
export function decodeOr(custom: CustomVersion, raw: Readonly<Record<string, unknown>>, failure: (message: string) => Error, options: { readonly keepsNulls?: boolean } = {}): ReturnType<typeof decodeCustomResource> {
  try {
    return decodeCustomResource(custom, raw, options);
  } catch (error) {
    if (error instanceof GoDecodeError) throw failure(error.message);
    throw error;
  }
}
