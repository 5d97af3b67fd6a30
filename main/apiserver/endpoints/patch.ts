import { checkCustomKind, decodeOr } from '../customresources/read-request.ts';
import { type ObjectSchema, schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { fieldForbidden } from '../../../kube/apimachinery/field-error.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newInvalid, newNotFound, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import { unknownFieldsInto } from '../negotiation/decode-body.ts';
import { applyPatch, APPLY_PATCH_MEDIA_TYPE, patchMediaTypes, strictDecodingMessage, type PatchMediaType, type PatchResult } from '../patch/apply-patch.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { applyObject } from './apply.ts';
import { addWarning, type ApiResponse } from './request.ts';
import { checkBodyIdentity, nameTarget, writeQueryOf, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { answerWrite, writeChange } from './update.ts';
import { toStorageVersion } from './versioned.ts';

export async function patchObject(request: ResourceRequest): Promise<ApiResponse> {
  const { context, served, registry } = request;
  const target = nameTarget(request);
  const { mediaType, query } = patchOptionsOf(request);
  if (mediaType === APPLY_PATCH_MEDIA_TYPE) return applyObject(request, query);
  const text = Buffer.from(await context.request.readBody()).toString('utf8');
  const result = await writeChange(request, query, {
    target,
    change(current) {
      if (!current) throw newNotFound(registry.resource, target.name);
      const inside = served.alternative ? served.alternative.fromStorage(current) : current;
      const object = patched(request, query, { text, mediaType: mediaType as PatchMediaType, current: inside });
      checkBodyIdentity(object, request);
      return toStorageVersion(request, object);
    },
  });
  return answerWrite(request, result);
}

/** The media type, which is refused before anything else, and the options. */
export function patchOptionsOf(request: ResourceRequest): { readonly mediaType: string; readonly query: WriteQuery } {
  const isCustomResource = request.served.custom !== undefined;
  const mediaType = (request.context.request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  const known = patchMediaTypes({ isCustomResource });
  if (!known.includes(mediaType)) throw isCustomResource ? newUnsupportedMediaType(known) : newUnroutedMediaType();
  const query = writeQueryOf(request, 'PatchOptions');
  if (mediaType !== APPLY_PATCH_MEDIA_TYPE && query.force !== undefined) {
    throw newInvalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [fieldForbidden('force', 'may not be specified for non-apply patch')]);
  }
  return { mediaType, query };
}

/** The patched object, decoded again as if it had been sent whole. */
export function patched(
  { context, served }: Pick<ResourceRequest, 'context' | 'served'>,
  { fieldValidation }: Pick<WriteQuery, 'fieldValidation'>,
  { text, mediaType, current }: { readonly text: string; readonly mediaType: PatchMediaType; readonly current: object },
): KubernetesObject {
  const schema = schemaOfKind(served.info);
  const result = applyPatch({ mediaType, text, current: current as Record<string, unknown>, fieldValidation, ...(schema ? { schema } : {}) });
  if (!isJsonObject(result.patched)) throw result.invalid(`cannot unmarshal into ${served.info.kind}`);
  if (!served.custom) checkKind(result.patched, served, result.invalid);
  const problems = [...result.strictErrors];
  try {
    const object = decoded(result, served, { schema, problems });
    if (fieldValidation === 'Strict' && problems.length > 0) throw result.invalid(strictDecodingMessage(problems));
    if (fieldValidation === 'Warn') for (const problem of problems) addWarning(context, problem);
    return object as unknown as KubernetesObject;
  } catch (error) {
    if (error instanceof GoDecodeError) throw result.invalid(error.message);
    throw error;
  }
}

/** In Go's form, or under the schema of a custom resource; adds what is wrong with the fields' names. */
function decoded({ patched, invalid }: PatchResult, { custom, info }: ServedResource, { schema, problems }: { readonly schema: ObjectSchema | undefined; readonly problems: string[] }): object {
  const fields = patched as Record<string, unknown>;
  if (custom) {
    const read = decodeOr(custom, fields, invalid);
    checkCustomKind(read.object, info);
    problems.push(...read.problems);
    return read.object;
  }
  return schema ? toTyped(schema, fields, { onUnknownField: unknownFieldsInto(problems) }) : fields;
}

/** The refusal of upstream's router, which knows the patch types of built-in resources. */
function newUnroutedMediaType(): StatusError {
  return new StatusError(failureStatus({ code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type', details: {} }));
}

function checkKind(object: Record<string, unknown>, { info, apiVersion }: ResourceRequest['served'], invalid: PatchResult['invalid']): void {
  const [kind, version] = [String(object['kind'] ?? ''), String(object['apiVersion'] ?? '')];
  if (kind === info.kind && version === apiVersion) return;
  const known = schemaOfKind({ ...parseApiVersion(version), kind });
  if (!known) throw invalid(`no kind ${goQuote(kind)} is registered for version ${goQuote(version)} in scheme "pkg/api/legacyscheme/scheme.go:30"`);
  if (kind !== info.kind) {
    const internal = info.group === '' ? 'core' : (info.group.split('.')[0] ?? info.group);
    throw invalid(`converting (${version.slice(version.indexOf('/') + 1)}.${kind}) to (${internal}.${info.kind}): unknown conversion`);
  }
  throw invalid(`unable to decode ${version}, Kind=${kind} into *${info.version}.${info.kind}`);
}
