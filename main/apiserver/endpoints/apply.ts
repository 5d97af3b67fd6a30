import { withConversions } from '../customresources/conversion/known-conversions.ts';
import { checkCustomKind, decodeOr } from '../customresources/read-request.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { goJsonKind } from '../../../kube/apimachinery/go-json.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { fieldRequired } from '../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newConflict, newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import { parseDocument, yamlWarnings } from '../negotiation/decode-body.ts';
import { serverSideApply } from '../patch/apply/field-manager.ts';
import { restoredMessage, restoreError } from '../patch/restore-check.ts';
import { withWrappedIntegers } from '../patch/wrapped-integers.ts';
import { fieldScopeOf, fieldsOf } from './field-tracking.ts';
import { addWarning, bodyOf, type ApiResponse } from './request.ts';
import { checkBodyIdentity, nameTarget, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { answerWrite, writeChange } from './update.ts';
import { toStorageVersion } from './versioned.ts';

/** PATCH with server-side apply: creates what is absent. */
export async function applyObject(request: ResourceRequest, query: WriteQuery): Promise<ApiResponse> {
  const { context, served, clock } = request;
  const target = nameTarget(request);
  const manager = managerOfApply(query);
  const applied = await readApplied(request);
  if (context.audit) context.audit.requestPatch(JSON.stringify(applied.fields));
  const scope = fieldScopeOf(request);
  const result = await writeChange(request, query, {
    target,
    allowCreate: context.info.subresource === '',
    isTracked: true,
    async change(current) {
      const live = current && fieldsOf(served, current);
      const object = await withConversions(served.conversions, () => serverSideApply(scope, { live, applied: applied.fields, manager, force: query.force ?? false, nowMs: clock.now() }));
      checkDuplicates(request, query, applied.duplicates);
      const next = toStorageVersion(request, decode(request, object, applied.fields));
      if (!current) checkNew(next, request);
      checkBodyIdentity(next, request);
      return next;
    },
  });
  return answerWrite(request, result);
}

export function managerOfApply({ fieldManager }: WriteQuery): string {
  if (fieldManager) return fieldManager;
  throw newInvalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [fieldRequired('fieldManager', 'is required for apply patch')]);
}

/** What is not there has no identity that could be asked for. */
function checkNew({ metadata }: KubernetesObject, { registry }: ResourceRequest): void {
  if (!metadata.uid) return;
  throw newConflict(registry.resource, metadata.name, `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`);
}

interface Applied {
  readonly fields: unknown;
  /** Keys that are there twice. */
  readonly duplicates: readonly string[];
}

export async function readApplied({ context }: ResourceRequest): Promise<Applied> {
  const body = await bodyOf(context);
  try {
    const { value, duplicates } = parseDocument(body, 'yaml');
    if (value !== null && value !== undefined && !isJsonObject(value)) {
      throw newBadRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`);
    }
    return { fields: value, duplicates: duplicates.map((problem) => `error converting YAML to JSON: ${problem}`) };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw newBadRequest(`error decoding YAML: error converting YAML to JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Comes after the apply itself, whose refusals are more to the point. */
export function checkDuplicates({ context }: ResourceRequest, { fieldValidation }: WriteQuery, duplicates: readonly string[]): void {
  const [first] = duplicates;
  if (first === undefined) return;
  if (fieldValidation === 'Strict') throw newBadRequest(`error strict decoding YAML: ${first}`);
  if (fieldValidation === 'Warn') for (const warning of yamlWarnings(first)) addWarning(context, warning);
}

function decode({ served }: ResourceRequest, object: Record<string, unknown>, patch: unknown): KubernetesObject {
  const { custom, info } = served;
  if (custom) {
    const { object: fields } = decodeOr(custom, object, newBadRequest, { keepsNulls: true });
    checkCustomKind(fields, info);
    return fields;
  }
  const schema = schemaOfKind(info);
  if (!schema) return object as unknown as KubernetesObject;
  const problem = restoreError(schema, object);
  if (problem !== undefined) throw notConverted(served, patch as KubernetesObject, problem);
  try {
    return toTyped(schema, withWrappedIntegers(schema, object)) as unknown as KubernetesObject;
  } catch (error) {
    if (error instanceof GoDecodeError) throw notConverted(served, patch as KubernetesObject, restoredMessage(error));
    throw error;
  }
}

/** What apply has merged without looking into scalars turns out to be no object of the type. */
function notConverted({ info }: ResourceRequest['served'], { metadata }: Partial<KubernetesObject>, detail: string): StatusError {
  const kind = `${info.group}/${info.version}, Kind=${info.kind}`;
  const text = `failed to convert new object (${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${detail}`;
  return new StatusError(failureStatus({ code: 500, reason: '', message: text }));
}
