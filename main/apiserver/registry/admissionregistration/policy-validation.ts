import type * as admission from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import type { PolicyExpressionChecks } from '../../admission/policies/expression-checks.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkQualifiedName, isEmpty } from '../validation/values.ts';
import { checkExpression } from './rules.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const MAX_AUDIT_ANNOTATIONS = 20;
const MAX_VALUE_EXPRESSION_BYTES = 5 * 1024;
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/v;
const RESERVED = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let',
  'loop', 'package', 'namespace', 'return', 'var', 'void', 'while',
]);

function pass(): undefined {
  return undefined;
}

/** For expressions that stay as they were. */
export const NO_EXPRESSION_CHECKS: PolicyExpressionChecks = {
  condition: pass,
  validation: pass,
  message: pass,
  auditValue: pass,
  mutation: () => pass,
  variable: () => pass,
};

export function checkParamKind(kind: admission.ParamKind | undefined, path: FieldPath, errors: FieldErrors): void {
  if (kind === undefined) return;
  checkParamVersion(kind.apiVersion ?? '', path.child('apiVersion'), errors);
  const name = kind.kind ?? '';
  if (name === '') {
    errors.required(path.child('kind'));
    return;
  }
  const problems = isDns1035Label(name.toLowerCase());
  if (problems.length > 0) errors.invalid(path.child('kind'), name, `may have mixed case, but should otherwise match: ${problems.join(',')}`);
}

function checkParamVersion(apiVersion: string, path: FieldPath, errors: FieldErrors): void {
  if (apiVersion === '') {
    errors.required(path);
    return;
  }
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) {
    errors.invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    return;
  }
  const version = parts.at(-1) ?? '';
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const groupProblems = group === '' ? [] : isDns1123Subdomain(group);
  if (groupProblems.length > 0) errors.invalid(path, group, groupProblems.join(','));
  if (version === '') {
    errors.invalid(path, apiVersion, 'version must be specified');
    return;
  }
  const problems = isDns1035Label(version);
  if (problems.length > 0) errors.invalid(path, version, problems.join(','));
}

export function checkVariables(variables: readonly admission.Variable[] | undefined, checks: PolicyExpressionChecks, errors: FieldErrors): void {
  const path = SPEC_PATH.child('variables');
  for (const [index, { name = '', expression = '' }] of (variables ?? []).entries()) {
    const at = path.index(index);
    if (name.trim() === '') errors.required(at.child('name'), 'name is not specified');
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) errors.invalid(at.child('name'), name, 'must be a valid CEL identifier');
    if (expression.trim() === '') errors.required(at.child('expression'), 'expression is not specified');
    else checkExpression(expression, checks.variable(index), at.child('expression'), errors);
  }
}

export function checkValidations({ metadata, spec }: admission.ValidatingAdmissionPolicy, checks: PolicyExpressionChecks, errors: FieldErrors): void {
  const { validations = [], auditAnnotations } = spec;
  const annotationsPath = SPEC_PATH.child('auditAnnotations');
  if (validations.length === 0 && isEmpty(auditAnnotations)) {
    errors.required(SPEC_PATH.child('validations'), 'validations or auditAnnotations must contain at least one item');
    errors.required(annotationsPath, 'validations or auditAnnotations must contain at least one item');
    return;
  }
  for (const [index, validation] of validations.entries()) checkValidation(validation, { path: SPEC_PATH.child('validations').index(index), errors, checks });
  if (auditAnnotations === undefined) return;
  if (auditAnnotations.length > MAX_AUDIT_ANNOTATIONS) {
    errors.invalid(annotationsPath, auditAnnotations, `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`);
  }
  const keys = new Set<string>();
  for (const [index, annotation] of auditAnnotations.entries()) {
    const path = annotationsPath.index(index);
    checkAuditAnnotation(metadata.name ?? '', annotation, { path, errors, checks });
    if (keys.has(annotation.key)) errors.duplicate(path.child('key'), annotation.key);
    keys.add(annotation.key);
  }
}

interface ItemChecks {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  readonly checks: PolicyExpressionChecks;
}

function checkValidation(validation: admission.Validation, { path, errors, checks }: ItemChecks): void {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  if (expression.trim() === '') errors.required(path.child('expression'), 'expression is not specified');
  else checkExpression(expression, checks.validation, path.child('expression'), errors);
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.invalid(path.child('messageExpression'), messageExpression, 'must be non-empty if specified');
  } else if (messageExpression !== '') checkExpression(messageExpression, checks.message, path.child('messageExpression'), errors);
  const trimmed = message.trim();
  if (message !== '' && trimmed === '') errors.invalid(path.child('message'), message, 'must be non-empty if specified');
  else if (trimmed.includes('\n') || trimmed.includes('\r')) errors.invalid(path.child('message'), message, 'must not contain line breaks');
  if (reason !== undefined && !REASONS.includes(reason)) errors.notSupported(path.child('reason'), reason, REASONS);
}

function checkAuditAnnotation(policy: string, annotation: admission.AuditAnnotation, { path, errors, checks }: ItemChecks): void {
  const { key = '', valueExpression = '' } = annotation;
  if (policy === '') errors.invalid(path.child('key'), key, 'requires metadata.name be non-empty');
  else checkQualifiedName(`${policy}/${key}`, path.child('key'), errors);
  const trimmed = valueExpression.trim();
  const at = path.child('valueExpression');
  if (trimmed === '') errors.required(at, 'valueExpression is not specified');
  else if (trimmed.length > MAX_VALUE_EXPRESSION_BYTES) errors.required(at, `must not exceed ${MAX_VALUE_EXPRESSION_BYTES} bytes in length`);
  else checkExpression(valueExpression, () => checks.auditValue(trimmed), at, errors);
}
