import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { successStatus } from '../../../kube/apimachinery/status.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { schemaOfMessage } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { goJsonKind } from '../../../kube/apimachinery/go-json.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { newBadRequest, newForbidden, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import { mediaTypeOf, parseDocument } from '../negotiation/decode-body.ts';
import { JSON_TYPE, PROTOBUF_TYPE, RESPONSE_TYPES, YAML_TYPE } from '../negotiation/media-type.ts';
import { decodeProtobufEnvelope } from '../negotiation/protobuf-envelope.ts';
import { isTrue } from '../filters/request-info.ts';
import type { DeleteOptions } from '../registry/generic/deletion.ts';
import { resourceKey } from '../registry/generic/resource-definition.ts';
import type { DeleteResult } from '../registry/generic/registry.ts';
import { answerObject, answerValue, inVersion } from './answer.ts';
import { bodyOf, type ApiResponse } from './request.ts';
import { admissionAttributes, nameTarget, writeContextOf, type ResourceRequest } from './resource-request.ts';

/** DELETE of these answers the object (upstream: ReturnDeletedObject of their stores). */
const RETURNS_DELETED = new Set([
  'pods', 'podtemplates', 'persistentvolumes', 'persistentvolumeclaims', 'resourcequotas', 'serviceaccounts', 'services',
  ...['csidrivers', 'csinodes', 'storageclasses', 'volumeattachments', 'volumeattributesclasses'].map((name) => `${name}.storage.k8s.io`),
  ...['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices'].map((name) => `${name}.resource.k8s.io`),
]);

export async function deleteObject(request: ResourceRequest): Promise<ApiResponse> {
  const target = nameTarget(request);
  const options = await deleteOptionsOf(request);
  warnOfKeptPods(request, options);
  const refusal = request.registry.definition.refusesDelete?.(target.name);
  if (refusal !== undefined) throw newForbidden(request.registry.resource, target.name, refusal);
  const result = await deleteOne(request, target, options);
  return answerDelete(request, result, options);
}

/** Jobs are the one kind whose dependents outlive a deletion that does not say otherwise. */
export function warnOfKeptPods({ served, context: { warnings } }: ResourceRequest, { propagationPolicy, orphanDependents }: DeleteOptions): void {
  if (served.info.group !== 'batch' || served.info.resource !== 'jobs' || propagationPolicy !== undefined || orphanDependents !== undefined) return;
  warnings.push('child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning');
}

/** Admission is told the name that was asked for, which is none when a collection goes. */
export function deleteOne(request: ResourceRequest, target: { readonly namespace?: string; readonly name: string }, options: DeleteOptions): Promise<DeleteResult<KubernetesObject>> {
  const { registry, admission, context } = request;
  const dryRun = (options.dryRun?.length ?? 0) > 0;
  return registry.delete(target, writeContextOf(request, { dryRun }), options, (oldObject) =>
    admission.validateDeletion({ ...admissionAttributes(request, { operation: 'DELETE', oldObject, dryRun, options }), name: context.info.verb === 'deletecollection' ? '' : target.name }, context.request.signal),
  );
}

function answerDelete(request: ResourceRequest, { object, deleted }: DeleteResult<KubernetesObject>, options: DeleteOptions): ApiResponse {
  const { served, registry, media } = request;
  const status = !deleted && options.orphanDependents === false ? 202 : 200;
  if (!deleted || (registry.definition.returnDeletedObject ?? RETURNS_DELETED.has(resourceKey(served.info)))) return answerObject(request, inVersion(served, object), status);
  const { group, resource } = served.info;
  return answerValue(media, successStatus({ name: object.metadata.name, group, kind: resource, ...(object.metadata.uid ? { uid: object.metadata.uid } : {}) }), status);
}

/** The body when there is one, else the query. */
export async function deleteOptionsOf({ context }: ResourceRequest): Promise<DeleteOptions> {
  const { request } = context;
  const body = await bodyOf(context);
  if (body.length > 0) {
    const options = parseOptions(body, request.headers['content-type']);
    // As upstream's audit log names what it decodes into.
    context.audit?.requestObject({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', ...options });
    return options;
  }
  const { query } = request;
  const grace = query.get('gracePeriodSeconds');
  if (grace && !/^[+-]?\d+$/.test(grace)) throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  const dryRun = query.getAll('dryRun');
  const orphan = query.get('orphanDependents');
  const policy = query.get('propagationPolicy');
  return {
    ...(grace ? { gracePeriodSeconds: Number(grace) } : {}),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: isTrue(orphan) }),
    ...(dryRun.length > 0 ? { dryRun } : {}),
  };
}

/** DeleteOptions of any group version that knows them. */
function parseOptions(body: Uint8Array, contentType: string | undefined): DeleteOptions {
  const mediaType = mediaTypeOf(contentType);
  try {
    if (mediaType === PROTOBUF_TYPE) return decodeProtobufEnvelope(body, { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' }) as DeleteOptions;
  } catch (error) {
    if (error instanceof GoDecodeError) throw newBadRequest(error.message);
    throw error;
  }
  if (mediaType !== JSON_TYPE && mediaType !== YAML_TYPE) throw newUnsupportedMediaType(RESPONSE_TYPES);
  const fields = optionsObject(body, mediaType === JSON_TYPE ? 'json' : 'yaml');
  const { kind, apiVersion, ...options } = fields;
  if (kind && kind !== 'DeleteOptions') {
    const version = JSON.stringify(apiVersion || 'meta.k8s.io/v1');
    throw newBadRequest(`no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"`);
  }
  const schema = schemaOfMessage('meta/v1.DeleteOptions');
  try {
    return (schema ? toTyped(schema, options) : options) as DeleteOptions;
  } catch (error) {
    if (error instanceof GoDecodeError) throw newBadRequest(error.message);
    throw error;
  }
}

function optionsObject(body: Uint8Array, format: 'json' | 'yaml'): Record<string, unknown> {
  const refused = (reason: string): Error => newBadRequest(`couldn't get version/kind; json parse error: ${reason}`);
  let value: unknown;
  try {
    ({ value } = parseDocument(body, format));
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
  if (value === null || value === undefined) return {};
  if (!isJsonObject(value)) throw refused(`json: cannot unmarshal ${goJsonKind(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`);
  return value;
}
