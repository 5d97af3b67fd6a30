import { withConversions } from '../customresources/conversion/known-conversions.ts';
import { checkCustomKind, decodeOr } from '../customresources/read-request.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { fieldRequired } from '../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import { parseDocument, strictDecodingError } from '../negotiation/decode-body.ts';
import { serverSideApply } from '../patch/apply/field-manager.ts';
import { fieldScopeOf, fieldsOf } from './field-tracking.ts';
import { addWarning, type ApiResponse } from './request.ts';
import { checkBodyIdentity, nameTarget, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { answerWrite, writeChange } from './update.ts';
import { toStorageVersion } from './versioned.ts';

/** PATCH with server-side apply: creates what is absent. */
export async function applyObject(request: ResourceRequest, query: WriteQuery): Promise<ApiResponse> {
  const { context, served, clock } = request;
  const target = nameTarget(request);
  const manager = query.fieldManager;
  if (!manager) throw newInvalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [fieldRequired('fieldManager', 'is required for apply patch')]);
  const applied = await readApplied(request, query);
  const scope = fieldScopeOf(request);
  const result = await writeChange(request, query, {
    target,
    allowCreate: context.info.subresource === '',
    isTracked: true,
    async change(current) {
      const live = current && fieldsOf(served, current);
      const object = await withConversions(served.conversions, () => serverSideApply(scope, { live, applied, manager, force: query.force ?? false, nowMs: clock.now() }));
      const next = toStorageVersion(request, decode(request, object));
      if (!current) delete next.metadata.resourceVersion;
      checkBodyIdentity(next, request);
      return next;
    },
  });
  return answerWrite(request, result);
}

async function readApplied({ context }: ResourceRequest, { fieldValidation }: WriteQuery): Promise<unknown> {
  const body = await context.request.readBody();
  let applied: unknown;
  let problems: string[] = [];
  try {
    const { value, duplicates } = parseDocument(body, 'yaml');
    applied = value;
    problems = [...duplicates];
  } catch (error) {
    throw newBadRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (fieldValidation === 'Strict' && problems.length > 0) throw newBadRequest(`error decoding patch: ${strictDecodingError(problems)}`);
  if (fieldValidation === 'Warn') for (const problem of problems) addWarning(context, problem);
  return applied;
}

function decode({ served }: ResourceRequest, object: Record<string, unknown>): KubernetesObject {
  const { custom, info } = served;
  if (custom) {
    const { object: fields } = decodeOr(custom, object, newBadRequest, { keepsNulls: true });
    checkCustomKind(fields, info);
    return fields;
  }
  const schema = schemaOfKind(info);
  return (schema ? toTyped(schema, object) : object) as unknown as KubernetesObject;
}
