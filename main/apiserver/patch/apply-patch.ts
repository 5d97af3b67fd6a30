import type { ObjectSchema } from '../../../kube/api/schema.ts';
import { fieldInvalid } from '../../../kube/apimachinery/field-error.ts';
import { goValue } from '../../../kube/apimachinery/go-format.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { goJsonKind, type ParsedJson } from '../../../kube/apimachinery/go-json.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isNumberLiteral, parseWithLiterals } from '../../../kube/apimachinery/number-literal.ts';
import { applyJsonMergePatch } from '../../../kube/apimachinery/json-merge-patch.ts';
import { applyJsonPatch, JsonPatchError } from '../../../kube/apimachinery/json-patch.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newBadRequest, newGenericServerResponse, newInvalid, newRequestEntityTooLarge } from '../../../kube/apimachinery/status-errors.ts';
import { scanJson } from '../negotiation/json-scanner.ts';
import { structType } from './patch-schema.ts';
import { patchedText } from './patched-text.ts';
import { kindError, restoreError } from './restore-check.ts';
import { applyStrategicMergePatch, StrategicPatchError } from './strategic-merge-patch.ts';
import { withWrappedIntegers } from './wrapped-integers.ts';

/** Patches but server-side apply (upstream: apiserver/pkg/endpoints/handlers/patch.go, 1.36). */
export type PatchMediaType = 'application/json-patch+json' | 'application/merge-patch+json' | 'application/strategic-merge-patch+json';

export const APPLY_PATCH_MEDIA_TYPE = 'application/apply-patch+yaml';

/** What a PATCH may come as, in the order that a 415 lists. Custom resources have no strategic merge. */
export function patchMediaTypes(options: { readonly isCustomResource: boolean }): readonly string[] {
  const strategic = options.isCustomResource ? [] : ['application/strategic-merge-patch+json'];
  return ['application/json-patch+json', 'application/merge-patch+json', ...strategic, APPLY_PATCH_MEDIA_TYPE];
}

export interface PatchInput {
  readonly mediaType: PatchMediaType;
  /** The body. */
  readonly text: string;
  /** In the version of the request; stays as it is. */
  readonly current: Readonly<Record<string, unknown>>;
  /** Of the kind in that version; needed for strategic merge patches only. */
  readonly schema?: ObjectSchema;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

export interface PatchResult {
  /** Not yet decoded: unknown fields and wrong types are found by the decoder, which reports through `invalid`. */
  readonly patched: unknown;
  /** Problems of the patch text itself; they go before the decoder's strict errors. Empty when validation is Ignore. */
  readonly strictErrors: readonly string[];
  /** 422 as upstream words it when the result cannot be decoded, or has strict errors under Strict. */
  readonly invalid: (message: string) => StatusError;
}

const MAX_JSON_PATCH_OPERATIONS = 10_000;

/** Applies the patch; throws StatusError. */
export function applyPatch(input: PatchInput): PatchResult {
  switch (input.mediaType) {
    case 'application/json-patch+json':
      return applyJson(input);
    case 'application/merge-patch+json':
      return applyMerge(input);
    case 'application/strategic-merge-patch+json':
      return applyStrategic(input);
  }
}

/** `strict decoding error: unknown field "a", unknown field "b"` */
export function strictDecodingMessage(errors: readonly string[]): string {
  return `strict decoding error: ${[...new Set(errors)].join(', ')}`;
}

/** The text is long and seldom needed. */
function invalidPatch(value: () => string): (message: string) => StatusError {
  return (message) => newInvalid({ group: '', kind: '' }, '', [fieldInvalid('patch', value(), message)]);
}

function parse(text: string, prefix: string, { keepsLiterals = false } = {}): ParsedJson {
  try {
    const { duplicates, hasTellingNumbers } = scanJson(text);
    const value: unknown = keepsLiterals && hasTellingNumbers ? parseWithLiterals(text) : JSON.parse(text);
    return { value: isNumberLiteral(value) ? Number(value.rawJSON) : value, duplicates };
  } catch (error) {
    if (error instanceof GoDecodeError) throw newBadRequest(`${prefix}${error.message}`);
    throw error;
  }
}

function duplicateErrors({ duplicates }: ParsedJson, { fieldValidation }: PatchInput): string[] {
  return fieldValidation === 'Ignore' ? [] : duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
}

const OPERATION_MEMBERS = new Set(['op', 'path', 'from', 'value']);

function applyJson(input: PatchInput): PatchResult {
  const isStrict = input.fieldValidation !== 'Ignore';
  const prefix = isStrict ? 'error decoding patch: ' : '';
  const parsed = parse(input.text, prefix, { keepsLiterals: input.schema !== undefined });
  const operations = parsed.value ?? [];
  if (!Array.isArray(operations)) throw newBadRequest(`${prefix}${unmarshalError(operations, isStrict ? '[]handlers.jsonPatchOp' : 'jsonpatch.Patch')}`);
  const bad = operations.find((operation) => goJsonKind(operation) !== 'object' && operation !== null);
  if (bad !== undefined) throw newBadRequest(`${prefix}${unmarshalError(bad, isStrict ? 'handlers.jsonPatchOp' : 'jsonpatch.Operation')}`);
  const malformed = isStrict ? malformedMember(operations) : undefined;
  if (malformed !== undefined) throw newBadRequest(`${prefix}${malformed}`);
  if (operations.length > MAX_JSON_PATCH_OPERATIONS) {
    throw newRequestEntityTooLarge(`The allowed maximum operations in a JSON patch is ${MAX_JSON_PATCH_OPERATIONS}, got ${operations.length}`);
  }
  const unknown = isStrict ? unknownMembers(operations) : [];
  const strictErrors = inOrderOfOperations([...duplicateErrors(parsed, input), ...unknown]).map((message) => `json patch ${message}`);
  try {
    const patched = applyJsonPatch(input.current, operations);
    const text = (): string => patchedText(input, (original) => applyJsonPatch(original, operations));
    return { patched, strictErrors, invalid: invalidPatch(text) };
  } catch (error) {
    if (error instanceof JsonPatchError) throw rejected(error.message);
    throw error;
  }
}

function inOrderOfOperations(problems: readonly string[]): string[] {
  const operationOf = (problem: string): number => Number(/\[(\d+)\]/.exec(problem)?.[1] ?? 0);
  return problems.toSorted((a, b) => operationOf(a) - operationOf(b));
}

function unknownMembers(operations: readonly unknown[]): string[] {
  return operations.flatMap((operation, index) =>
    Object.keys(operation ?? {})
      .filter((name) => !OPERATION_MEMBERS.has(name))
      .map((name) => `unknown field "[${index}].${name}"`),
  );
}

function malformedMember(operations: readonly unknown[]): string | undefined {
  for (const operation of operations) {
    for (const name of ['op', 'path', 'from']) {
      const value: unknown = isJsonObject(operation) ? operation[name] : undefined;
      if (value !== undefined && value !== null && typeof value !== 'string') {
        return `json: cannot unmarshal ${goJsonKind(value)} into Go struct field jsonPatchOp.${name} of type string`;
      }
    }
  }
  return undefined;
}

function applyMerge(input: PatchInput): PatchResult {
  const isStrict = input.fieldValidation !== 'Ignore';
  const parsed = parse(input.text, isStrict ? 'error decoding patch: ' : '', { keepsLiterals: input.schema !== undefined });
  const { value } = parsed;
  if (isStrict && !isJsonObject(value) && value !== null) {
    throw newBadRequest(`error decoding patch: ${unmarshalError(value, 'map[string]interface {}')}`);
  }
  if (value === null) throw newBadRequest('Invalid JSON Patch');
  const patched = applyJsonMergePatch(input.current, value);
  const text = (): string => patchedText(input, (original) => applyJsonMergePatch(original, value), value);
  return { patched, strictErrors: duplicateErrors(parsed, input), invalid: invalidPatch(text) };
}

function applyStrategic(input: PatchInput): PatchResult {
  const parsed = parse(input.text, '');
  const patch = parsed.value ?? {};
  if (!isJsonObject(patch)) throw newBadRequest(unmarshalError(patch, 'map[string]interface {}'));
  if (input.schema === undefined) throw newBadRequest('strategic merge patch format is not supported');
  const invalid = invalidPatch(() => goValue(withoutUnmatchedNulls(patch, input.current)));
  const merged = mergedStrategically(input.current, patch, input.schema);
  // The kind is the endpoint's, whatever the patch says of it.
  const { apiVersion, kind } = input.current;
  const patched = { ...merged, apiVersion, kind };
  const error = restoreError(input.schema, patched) ?? kindError(merged);
  if (error !== undefined) throw invalid(error);
  return { patched: withWrappedIntegers(input.schema, patched), strictErrors: duplicateErrors(parsed, input), invalid };
}

/** What upstream's messages show of a patch, which the merge has been over: nulls for what is not there are gone. */
function withoutUnmatchedNulls(patch: unknown, current: unknown): unknown {
  if (!isJsonObject(patch) || isNumberLiteral(patch)) return patch;
  const before = isJsonObject(current) ? current : {};
  const kept = Object.entries(patch).filter(([key, value]) => value !== null || before[key] !== undefined);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutUnmatchedNulls(value, before[key])]));
}

function mergedStrategically(current: PatchInput['current'], patch: Record<string, unknown>, schema: ObjectSchema): Record<string, unknown> {
  try {
    return applyStrategicMergePatch(current, patch, structType(schema));
  } catch (error) {
    throw strategicFailure(error);
  }
}

function strategicFailure(error: unknown): unknown {
  if (error instanceof StrategicPatchError && error.code === 400) return newBadRequest(error.message);
  if (error instanceof StrategicPatchError && error.code === 422) return rejected(error.message);
  // Upstream has no reason for the other ones, which makes them plain 500s.
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(failureStatus({ code: 500, reason: '', message }), { cause: error });
}

/** The text of what went wrong stays on the server. */
function rejected(serverMessage: string): StatusError {
  return newGenericServerResponse({ code: 422, verb: '', resource: { group: '', resource: '' }, name: '', serverMessage, isUnexpected: false });
}

function unmarshalError(value: unknown, goType: string): string {
  return `json: cannot unmarshal ${goJsonKind(value)} into Go value of type ${goType}`;
}
