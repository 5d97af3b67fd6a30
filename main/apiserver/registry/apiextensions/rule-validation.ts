import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import type { CelLibrary } from '../../cel/cel-environment.ts';
import { MAX } from '../../cel/cost/range.ts';
import { declareType, maxCardinality } from '../../customresources/declared-type.ts';
import { resolveFieldPath } from '../../customresources/field-path-of-rule.ts';
import type { JsonSchema } from '../../customresources/json-schema.ts';
import { compileRules, type CompiledRule, type Rule, SELF_TYPE, worstCost } from '../../customresources/rule-compiler.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { internalRule } from './internal-schema.ts';
import type { RuleCosts } from './rule-costs.ts';

type Schema = apiextensions.JSONSchemaProps;
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const LINE_BREAK = /[\n\r]/;

export interface RuleScope {
  readonly costs: RuleCosts;
  /** How many values of this part there may be; undefined: without a bound. */
  readonly cardinality: number | undefined;
  /** The root: its rules see metadata. */
  readonly isResource: boolean;
}

/** What a rule says beside its expressions. */
export function checkRuleForm(rule: apiextensions.ValidationRule, schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const { rule: expression = '', message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const text = message.trim();
  if (expression.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  else if (message !== '' && text === '') errors.invalid(path.child('message'), message, 'must be non-empty if specified');
  else if (LINE_BREAK.test(text)) errors.invalid(path.child('message'), message, 'must not contain line breaks');
  else if (LINE_BREAK.test(expression.trim()) && text === '') errors.required(path.child('message'), 'message must be specified if rule contains line breaks');
  if (messageExpression !== '' && messageExpression.trim() === '') errors.required(path.child('messageExpression'), 'messageExpression must be non-empty if specified');
  if (reason !== undefined && !REASONS.includes(reason)) errors.notSupported(path.child('reason'), reason, REASONS);
  const at = path.child('fieldPath');
  if (fieldPath === '') return;
  if (fieldPath.trim() === '') errors.invalid(at, fieldPath, 'must be non-empty if specified');
  if (LINE_BREAK.test(fieldPath)) errors.invalid(at, fieldPath, 'must not contain line breaks');
  if (resolveFieldPath(fieldPath, schema as JsonSchema).problem !== undefined) errors.invalid(at, fieldPath, 'must be a valid path');
}

/** The expressions of all rules of one part: their types, their costs, and where they may look at the past. */
export function checkRulePrograms(schema: Schema, path: FieldPath, errors: FieldErrors, { library, uncorrelatable, rules: scope }: { readonly library: CelLibrary; readonly uncorrelatable: FieldPath | undefined; readonly rules: RuleScope }): void {
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[];
  if (rules.length === 0) return;
  const at = path.child('x-kubernetes-validations');
  const isResource = scope.isResource || schema['x-kubernetes-embedded-resource'] === true;
  const declared = declareType(schema as JsonSchema, { name: SELF_TYPE, isResource });
  if (!declared) {
    errors.internal(at, 'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations');
    return;
  }
  const cardinality = scope.cardinality ?? maxCardinality(declared);
  for (const [index, compiled] of compileRules(rules, declared, library).entries()) {
    const { body, message } = compiled;
    const place = at.index(index);
    const bodyCost = Math.min(worstCost(body.program, declared) * cardinality, MAX);
    scope.costs.check('estimated rule cost', bodyCost, { path: place.child('rule'), errors });
    scope.costs.observe(place.child('rule'), bodyCost);
    if (body.problem !== undefined) errors.invalid(place.child('rule'), internalRule(compiled.rule as apiextensions.ValidationRule), body.problem);
    if (message?.problem !== undefined) {
      errors.invalid(place.child('messageExpression'), internalRule(compiled.rule as apiextensions.ValidationRule), message.problem);
    } else if (message?.program) {
      const cost = worstCost(message.program, declared);
      scope.costs.check('estimated messageExpression cost', cost, { path: place.child('messageExpression'), errors });
      scope.costs.observe(place.child('messageExpression'), cost);
    }
    checkHistory(compiled, uncorrelatable, place, errors);
  }
}

function checkHistory({ rule, usesOldSelf }: CompiledRule, uncorrelatable: FieldPath | undefined, path: FieldPath, errors: FieldErrors): void {
  if (usesOldSelf && uncorrelatable) {
    errors.invalid(path.child('rule'), rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable.toString()}`);
  } else if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    errors.invalid(path.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule');
  }
}
