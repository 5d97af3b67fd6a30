import type { CustomVersion } from '../customresources/custom-version.ts';
import { checkCustomKind, decodeOr } from '../customresources/read-request.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { GoDecodeError, goValueName } from '../../../kube/api/go-json-error.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { apiVersionOf, type GroupVersionKind, apiVersionProblem, parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { fieldForbidden } from '../../../kube/apimachinery/field-error.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newInvalid, newNotFound, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import { schemeOf, unknownFieldsInto } from '../negotiation/decode-body.ts';
import { applyPatch, APPLY_PATCH_MEDIA_TYPE, patchMediaTypes, strictDecodingMessage, type PatchMediaType, type PatchResult } from '../patch/apply-patch.ts';
import { restoredMessage } from '../patch/restore-check.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { applyObject } from './apply.ts';
import { addWarning, bodyOf, type ApiResponse, type RequestContext } from './request.ts';
import { checkBodyIdentity, nameTarget, writeQueryOf, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { answerWrite, writeChange } from './update.ts';
import { toStorageVersion } from './versioned.ts';

export async function patchObject(request: ResourceRequest): Promise<ApiResponse> {
  const { context, served, registry } = request;
  const target = nameTarget(request);
  const { mediaType, query } = patchOptionsOf(request);
  if (mediaType === APPLY_PATCH_MEDIA_TYPE) return applyObject(request, query);
  const text = Buffer.from(await bodyOf(context)).toString('utf8');
  context.audit?.requestPatch(text);
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

/** The media type, which is refused before anything else, even what the answer is to be. */
export function patchMediaTypeOf({ request }: Pick<RequestContext, 'request'>, { custom }: ServedResource): string {
  const isCustomResource = custom !== undefined;
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  const known = patchMediaTypes({ isCustomResource });
  if (!known.includes(mediaType)) throw isCustomResource ? newUnsupportedMediaType(known) : newUnroutedMediaType();
  return mediaType;
}

export function patchOptionsOf(request: ResourceRequest): { readonly mediaType: string; readonly query: WriteQuery } {
  const { patchType: mediaType = '' } = request;
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
  const unknown: string[] = [];
  try {
    const object = served.custom ? decodedCustom(result, served.custom, { served, unknown }) : decodedBuiltIn(result, served, unknown);
    const problems = [...result.strictErrors, ...unknown.toSorted()];
    if (fieldValidation === 'Strict' && problems.length > 0) throw result.invalid(strictDecodingMessage(problems));
    if (fieldValidation === 'Warn') for (const problem of problems) addWarning(context, problem);
    return object as unknown as KubernetesObject;
  } catch (error) {
    if (error instanceof GoDecodeError) throw result.invalid(decodeMessage(error, mediaType));
    throw error;
  }
}

/** Only a strategic merge goes from map to struct without JSON. */
function decodeMessage(error: GoDecodeError, mediaType: PatchMediaType): string {
  return mediaType === 'application/strategic-merge-patch+json' ? restoredMessage(error) : error.message;
}

/** Under the schema of a custom resource; adds what is wrong with the fields' names. */
function decodedCustom({ patched, invalid }: PatchResult, custom: CustomVersion, { served, unknown }: { readonly served: ServedResource; readonly unknown: string[] }): object {
  const read = decodeOr(custom, patched as Record<string, unknown>, invalid);
  checkCustomKind(read.object, served.info);
  unknown.push(...read.problems);
  return read.object;
}

/** In Go's form. The patch may have changed the kind, which is then decoded as what it says before it is found wrong. */
function decodedBuiltIn({ patched, invalid }: PatchResult, served: ServedResource, unknown: string[]): object {
  const fields = patched as Record<string, unknown>;
  const { info, apiVersion } = served;
  const problem = versionProblem(fields);
  if (problem !== undefined) throw invalid(problem);
  const [kind, version] = [String(fields['kind'] ?? '') || info.kind, String(fields['apiVersion'] ?? '')];
  if (version === '' && fields['kind']) return undecoded(fields, unknown);
  const gvk = { ...parseApiVersion(version === '' ? apiVersion : version), kind };
  const schema = schemaOfKind(gvk);
  if (!schema && (kind !== info.kind || version !== apiVersion)) {
    throw invalid(`no kind ${goQuote(kind)} is registered for version ${goQuote(version)} in scheme ${goQuote(schemeOf(info))}`);
  }
  const whole = { ...fields, kind, apiVersion: version === '' ? apiVersion : version };
  const object = schema ? toTyped(schema, whole, { onUnknownField: unknownFieldsInto(unknown) }) : whole;
  checkKind(gvk, served, invalid);
  return object;
}

/** Why the patched object says no kind that could be looked up. */
function versionProblem(fields: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['apiVersion', 'kind'] as const) {
    const text = fields[name];
    if (text === undefined || text === null || typeof text === 'string') continue;
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${goValueName(text)} into Go struct field .${name} of type string`;
  }
  return typeof fields['apiVersion'] === 'string' ? apiVersionProblem(fields['apiVersion']) : undefined;
}

/** A kind without a version is taken for upstream's internal one, whose fields have other names. */
function undecoded(fields: Record<string, unknown>, unknown: string[]): object {
  for (const name of Object.keys(fields)) if (name !== 'kind' && name !== 'apiVersion') unknown.push(`unknown field ${goQuote(name)}`);
  return { kind: fields['kind'], metadata: {} };
}

/** The refusal of upstream's router, which knows the patch types of built-in resources. */
function newUnroutedMediaType(): StatusError {
  return new StatusError(failureStatus({ code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type', details: {} }));
}

function checkKind({ group, version, kind }: GroupVersionKind, { info, apiVersion }: ServedResource, invalid: PatchResult['invalid']): void {
  const given = apiVersionOf({ group, version });
  if (kind === info.kind && given === apiVersion) return;
  if (kind !== info.kind) {
    const internal = info.group === '' ? 'core' : (info.group.split('.')[0] ?? info.group);
    throw invalid(`converting (${version}.${kind}) to (${internal}.${info.kind}): unknown conversion`);
  }
  throw invalid(`unable to decode ${given}, Kind=${kind} into *${info.version}.${info.kind}`);
}
