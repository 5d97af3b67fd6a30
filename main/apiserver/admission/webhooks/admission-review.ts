import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { failureStatus, StatusError, type Status } from '../../../../kube/apimachinery/status.ts';
import type { AdmissionAttributes } from '../admission.ts';
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
  const { object = null, oldObject = null, options = null } = attributes;
  return { uid, apiVersion, body: { kind: 'AdmissionReview', apiVersion, request: { uid, ...requestOf(attributes), object, oldObject, options } } };
}

/** Checks the answer's form; throws a plain Error, which counts as a failed call (upstream: webhook/request/admissionreview.go). */
export function readAnswer(answer: unknown, { review, isMutating }: { readonly review: Review; readonly isMutating: boolean }): ReviewAnswer {
  const { apiVersion, kind, response } = isJsonObject(answer) ? answer : {};
  if (!isJsonObject(response)) throw new Error('webhook response was absent');
  const isV1 = review.apiVersion === `${GROUP}/v1`;
  if (isV1 || apiVersion !== undefined) {
    if (apiVersion !== review.apiVersion || kind !== 'AdmissionReview') {
      throw new Error(`expected webhook response of ${review.apiVersion}, Kind=AdmissionReview, got ${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`);
    }
  }
  const uid = typeof response['uid'] === 'string' ? response['uid'] : '';
  if (isV1 && uid !== review.uid) throw new Error(`expected response.uid=${JSON.stringify(review.uid)}, got ${JSON.stringify(uid)}`);
  const warnings = Array.isArray(response['warnings']) ? response['warnings'].filter((text): text is string => typeof text === 'string') : [];
  const status = isJsonObject(response['status']) ? (response['status'] as Partial<Status>) : {};
  const auditAnnotations = isJsonObject(response['auditAnnotations']) ? (response['auditAnnotations'] as Record<string, string>) : {};
  return { allowed: response['allowed'] === true, status, warnings, auditAnnotations, operations: operationsOf(response, { isMutating, isV1 }) };
}

function operationsOf({ patch, patchType }: Readonly<Record<string, unknown>>, { isMutating, isV1 }: { readonly isMutating: boolean; readonly isV1: boolean }): readonly unknown[] {
  const hasPatch = typeof patch === 'string' && patch !== '';
  const hasType = typeof patchType === 'string' && patchType !== '';
  if (!isMutating) {
    if (isV1 && hasPatch) throw new Error('validating webhook may not return response.patch');
    if (isV1 && hasType) throw new Error('validating webhook may not return response.patchType');
    return [];
  }
  if (isV1 && hasPatch && !hasType) throw new Error('webhook returned response.patch but not response.patchType');
  if (isV1 && hasType && !hasPatch) throw new Error('webhook returned response.patchType but not response.patch');
  if (!hasPatch) return [];
  if (hasType && patchType !== 'JSONPatch') throw new Error(`invalid patchType ${JSON.stringify(patchType)}`);
  const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString());
  if (!Array.isArray(operations)) throw new Error('invalid JSON Patch');
  return operations;
}

/** A webhook said no (upstream: webhook/errors/statuserror.go). */
export function rejection(name: string, { status = 'Failure', message = '', reason = '', code = 0, details }: Partial<Status>): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const explanation = message || reason;
  const rest = failureStatus({ code: Math.max(code, 400), reason, message: explanation === '' ? `${denied} without explanation` : `${denied}: ${explanation}`, ...(details ? { details } : {}) });
  return new StatusError({ ...rest, status: status === 'Success' ? 'Failure' : status });
}
