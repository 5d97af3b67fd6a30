import { goJsonKind } from '../../../../kube/apimachinery/go-json.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError, type Status } from '../../../../kube/apimachinery/status.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { scanJson } from '../../negotiation/json-scanner.ts';
import { requestOf } from '../policies/admission-expressions.ts';

const GROUP = 'admission.k8s.io';
const VERSIONS = new Set(['v1', 'v1beta1']);

export interface Review {
  readonly uid: string;
  readonly apiVersion: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a webhook decided. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly status: Partial<Status>;
  readonly operations: readonly unknown[];
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** AdmissionReview in the first version that both know. */
export function reviewOf(attributes: AdmissionAttributes, { uid, versions }: { readonly uid: string; readonly versions: readonly string[] }): Review {
  const apiVersion = `${GROUP}/${versions.find((version) => VERSIONS.has(version)) ?? 'v1'}`;
  const { object, oldObject, options = null } = attributes;
  const { dryRun, options: _last, ...request } = requestOf(attributes);
  return { uid, apiVersion, body: { kind: 'AdmissionReview', apiVersion, request: { uid, ...request, object: typeFirst(object), oldObject: typeFirst(oldObject), dryRun, options } } };
}

/** An object that was sent without its type has it at the end. */
function typeFirst(object: KubernetesObject | undefined): object | null {
  if (object === undefined) return null;
  const { kind, apiVersion, ...rest } = object;
  return { kind, apiVersion, ...rest };
}

/** Checks the answer's form; throws a plain Error, which counts as a failed call (upstream: webhook/request/admissionreview.go). */
export function readAnswer(answer: unknown, how: { readonly review: Review; readonly isMutating: boolean }): ReviewAnswer {
  const decoded = decodedReview(answer, how.review);
  try {
    return checkedAnswer(decoded, how);
  } catch (error) {
    if (error instanceof UndecodablePatch) throw error;
    throw new Error(`received invalid webhook response: ${(error as Error).message}`, { cause: error });
  }
}

/** As Go decodes it: members of the right types; another kind, or version, is no AdmissionReview of this client. */
function decodedReview(answer: unknown, { apiVersion: asked }: Review): Readonly<Record<string, unknown>> {
  const { apiVersion = '', kind = '', response } = isJsonObject(answer) ? answer : {};
  const failed = (problem: string): Error => new Error(`failed to call webhook: ${problem}`);
  if (kind !== '' && kind !== 'AdmissionReview') throw failed(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"`);
  if (apiVersion !== '' && apiVersion !== asked) throw failed(`converting (${versionOf(apiVersion)}.AdmissionReview) to (${versionOf(asked)}.AdmissionReview): unknown conversion`);
  const allowed = isJsonObject(response) ? response['allowed'] : undefined;
  if (allowed !== undefined && typeof allowed !== 'boolean') throw failed(`json: cannot unmarshal ${goJsonKind(allowed)} into Go struct field AdmissionResponse.response.allowed of type bool`);
  return isJsonObject(answer) ? answer : {};
}

function versionOf(apiVersion: unknown): string {
  return String(apiVersion).split('/').at(-1) ?? '';
}

/** The patch of an answer that allows, which is no JSON Patch. */
class UndecodablePatch extends Error {}

function checkedAnswer({ apiVersion, kind, response }: Readonly<Record<string, unknown>>, { review, isMutating }: { readonly review: Review; readonly isMutating: boolean }): ReviewAnswer {
  if (!isJsonObject(response)) throw new Error('webhook response was absent');
  const isV1 = review.apiVersion === `${GROUP}/v1`;
  if (isV1 || apiVersion !== undefined) {
    if (apiVersion !== review.apiVersion || kind !== 'AdmissionReview') {
      throw new Error(`expected webhook response of ${review.apiVersion}, Kind=AdmissionReview, got ${String(apiVersion ?? '/')}, Kind=${String(kind ?? '')}`);
    }
  }
  const uid = typeof response['uid'] === 'string' ? response['uid'] : '';
  if (isV1 && uid !== review.uid) throw new Error(`expected response.uid=${JSON.stringify(review.uid)}, got ${JSON.stringify(uid)}`);
  const warnings = Array.isArray(response['warnings']) ? response['warnings'].filter((text): text is string => typeof text === 'string') : [];
  const status = isJsonObject(response['status']) ? (response['status'] as Partial<Status>) : {};
  const auditAnnotations = isJsonObject(response['auditAnnotations']) ? (response['auditAnnotations'] as Record<string, string>) : {};
  return { allowed: response['allowed'] === true, status, warnings, auditAnnotations, operations: operationsOf(response, { isMutating, isV1, isAllowed: response['allowed'] === true }) };
}

function operationsOf({ patch, patchType }: Readonly<Record<string, unknown>>, { isMutating, isV1, isAllowed }: { readonly isMutating: boolean; readonly isV1: boolean; readonly isAllowed: boolean }): readonly unknown[] {
  const hasPatch = typeof patch === 'string' && patch !== '';
  const hasType = typeof patchType === 'string' && patchType !== '';
  if (!isMutating) {
    if (isV1 && hasPatch) throw new Error('validating webhook may not return response.patch');
    if (isV1 && hasType) throw new Error('validating webhook may not return response.patchType');
    return [];
  }
  if (isV1 && hasPatch && !hasType) throw new Error('webhook returned response.patch but not response.patchType');
  if (isV1 && hasType && !hasPatch) throw new Error('webhook returned response.patchType but not response.patch');
  if (!hasPatch || !isAllowed) return [];
  const operations = decodedPatch(Buffer.from(patch, 'base64').toString());
  if (operations.length > 0 && hasType && patchType !== 'JSONPatch') throw new UndecodablePatch(`unsupported patch type ${JSON.stringify(patchType)}`);
  return operations;
}

function decodedPatch(text: string): readonly unknown[] {
  try {
    scanJson(text);
    const operations: unknown = JSON.parse(text);
    if (Array.isArray(operations)) return operations;
    throw new Error(`json: cannot unmarshal ${goJsonKind(operations)} into Go value of type jsonpatch.Patch`);
  } catch (error) {
    throw new UndecodablePatch(`received undecodable patch in webhook response: ${(error as Error).message}`, { cause: error });
  }
}

/** A webhook said no (upstream: webhook/errors/statuserror.go). */
export function rejection(name: string, { status = 'Failure', message = '', reason = '', code = 0, details }: Partial<Status>): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const explanation = message || reason;
  const rest = failureStatus({ code: Math.max(code, 400), reason, message: explanation === '' ? `${denied} without explanation` : `${denied}: ${explanation}`, ...(details ? { details } : {}) });
  return new StatusError({ ...rest, status: status === 'Success' ? 'Failure' : status });
}
