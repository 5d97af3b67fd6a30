import { type FieldError, fieldDuplicate, fieldForbidden, fieldInvalid, formatFieldError, fieldRequired, OMITTED_VALUE } from '../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { CelMeter } from '../cel/cel-meter.ts';
import type { CelLibrary, CelProgram } from '../cel/cel-environment.ts';
import type { Bindings } from '../cel/runtime/evaluate.ts';
import { CelOptional } from '../cel/runtime/values.ts';
import { celOfValue } from './cel-values.ts';
import { Correlation, historyOf } from './correlation.ts';
import { asResource } from './declared-type.ts';
import { resolveFieldPath } from './field-path-of-rule.ts';
import { type JsonSchema, someSchema } from './json-schema.ts';
import type { CompiledRule, Rule } from './rule-compiler.ts';
import { planRules, type RuleNode } from './rule-nodes.ts';

/** What all rules of one write may spend (upstream: apiserver/pkg/apis/cel, RuntimeCELCostBudget). */
const WRITE_COST_LIMIT = 10_000_000;
const MAX_MESSAGE_BYTES = 5 * 1024;
const NOT_CHECKED = 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const NO_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';
/** Values with such errors need not have the shape that rules are written for. */
const BLOCKING: ReadonlySet<string> = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

/** A value, what it was before, and whether its errors count. */
interface Place {
  readonly value: unknown;
  readonly old: unknown;
  readonly field: string;
  /** Absent where the value cannot be compared with an old one. */
  readonly correlation: Correlation | undefined;
  /** The nearest part above that can. */
  readonly parent: Correlation | undefined;
}

export interface RuleRun {
  readonly errors: FieldError[];
  /** Errors of unchanged parts: they do not keep an update from happening (KEP-4008). */
  readonly warnings: string[];
}

/** Who is told how long the rules of a schema take: all of them together. */
export interface RuleTiming {
  readonly clock: Clock;
  readonly meter: CelMeter;
}

/** Ends the evaluation of all rules. */
class OutOfBudget extends Error {}

/** The x-kubernetes-validations of one schema (upstream: apiextensions-apiserver, pkg/apiserver/schema/cel). Compiled at first use. */
export class CelRules {
  readonly #schema: JsonSchema;
  readonly #library: () => CelLibrary;
  readonly #isResource: boolean;
  readonly #timing: RuleTiming | undefined;
  readonly #hasRules: boolean;
  #plan: RuleNode | undefined;

  constructor(schema: JsonSchema, library: () => CelLibrary, { isResource = true, timing }: { readonly isResource?: boolean; readonly timing?: RuleTiming | undefined } = {}) {
    this.#schema = schema;
    this.#library = library;
    this.#isResource = isResource;
    this.#timing = timing;
    this.#hasRules = someSchema(schema, (part) => (part['x-kubernetes-validations']?.length ?? 0) > 0);
  }

  /** What the rules add to the errors that the schema found. `old` is absent on a create; `field` is where the value stands. */
  validate(value: unknown, old: unknown, schemaErrors: readonly FieldError[], field = ''): RuleRun {
    const result: RuleRun = { errors: [], warnings: [] };
    if (!this.#hasRules) return result;
    if (schemaErrors.some(({ type }) => BLOCKING.has(type))) return { ...result, errors: [fieldInvalid('', null, NOT_CHECKED)] };
    this.#plan ??= this.#timed('compiled', () => planRules(this.#schema, { library: this.#library(), isResource: this.#isResource }));
    const plan = this.#plan;
    const correlation = old === undefined ? undefined : new Correlation(value, old, this.#schema);
    try {
      this.#timed('evaluated', () => new Evaluation(result).visit(plan, { value, old, field, correlation, parent: undefined }));
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
    }
    return result;
  }

  #timed<T>(what: keyof CelMeter, run: () => T): T {
    if (!this.#timing) return run();
    const { clock, meter } = this.#timing;
    const startMs = clock.monotonicMs();
    try {
      return run();
    } finally {
      meter[what](clock.monotonicMs() - startMs);
    }
  }
}

class Evaluation {
  readonly #result: RuleRun;
  #budget = WRITE_COST_LIMIT;

  constructor(result: RuleRun) {
    this.#result = result;
  }

  visit(node: RuleNode | undefined, place: Place): void {
    const { value, old, field, correlation, parent } = place;
    if (!node || value === null || value === undefined) return;
    if (node.rules.length > 0) this.#evaluate(node, place);
    for (const nested of node.allOf) this.visit(nested, { ...place, correlation: undefined });
    const below = (step: (from: Correlation) => Correlation | undefined): Pick<Place, 'correlation' | 'parent'> => (correlation ? { correlation: step(correlation), parent: correlation } : { correlation: undefined, parent });
    if (Array.isArray(value)) {
      if (!node.items) return;
      const history = historyOf(old, node.schema);
      for (const [index, item] of value.entries()) this.visit(node.items, { value: item, old: history(item), field: `${field}[${index}]`, ...below((from) => from.index(index)) });
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value).sort()) {
        const isProperty = node.properties.has(name);
        const member = { value: value[name], old: isJsonObject(old) ? old[name] : undefined };
        const isHidden = parent === undefined && (name === 'apiVersion' || name === 'kind');
        const correlated = isHidden ? { correlation: undefined, parent: undefined } : below((from) => from.key(name));
        if (node.additional) this.visit(node.additional, { ...member, field: `${field}[${name}]`, ...correlated });
        if (isProperty) this.visit(node.properties.get(name), { ...member, field: field === '' ? name : `${field}.${name}`, ...correlated });
      }
    }
  }

  #evaluate(node: RuleNode, place: Place): void {
    const typeName = node.schema.type ?? '';
    const { value, old, field } = place;
    const invalid = (detail: string): void => void this.#result.errors.push(fieldInvalid(field, typeName, detail));
    if (this.#budget <= 0) {
      invalid(NO_BUDGET);
      throw new OutOfBudget();
    }
    const schema = node.isResource ? asResource(node.schema) : node.schema;
    const self = celOfValue(value, schema);
    const before = node.rules.some(({ usesOldSelf }) => usesOldSelf) && old !== undefined && old !== null ? celOfValue(old, schema) : undefined;
    for (const compiled of node.rules) {
      const { rule, body, usesOldSelf } = compiled;
      if (body.problem !== undefined) invalid(`rule compile error: ${body.problem}`);
      if (!body.program || (usesOldSelf && before === undefined && !rule.optionalOldSelf)) continue;
      const oldSelf = rule.optionalOldSelf ? (before === undefined ? CelOptional.none : CelOptional.of(before)) : before;
      const bindings: Bindings = oldSelf === undefined ? { self } : { self, oldSelf };
      if (this.#holds(body.program, bindings, { rule, invalid })) continue;
      this.#fail(compiled, { place, schema, bindings, typeName });
    }
  }

  #spend(cost: number, invalid: (detail: string) => void, detail = NO_BUDGET): void {
    this.#budget -= cost;
    if (this.#budget >= 0) return;
    invalid(detail);
    throw new OutOfBudget();
  }

  /** True as well for a rule that could not be evaluated, which is told at once. */
  #holds(program: CelProgram, bindings: Bindings, { rule, invalid }: { readonly rule: Rule; readonly invalid: (detail: string) => void }): boolean {
    const outcome = program.evaluateNow(bindings);
    this.#spend(outcome.cost, invalid);
    if (outcome.error === undefined) return outcome.value === true;
    const text = (rule.message || rule.rule).trim();
    if (outcome.error.startsWith('no such overload')) invalid(`'${outcome.error}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`);
    else if (outcome.isCostLimit) {
      invalid(`'${outcome.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`);
      throw new OutOfBudget();
    } else invalid(`${outcome.error} evaluating rule: ${text}`);
    return true;
  }

  #fail({ rule, message, usesOldSelf }: CompiledRule, { place, schema, bindings, typeName }: { readonly place: Place; readonly schema: JsonSchema; readonly bindings: Bindings; readonly typeName: string }): void {
    const within = rule.fieldPath ? resolveFieldPath(rule.fieldPath, schema) : undefined;
    const field = within?.problem === undefined && within ? [place.field, within.field].filter((part) => part !== '').join('.') : place.field;
    const isForgiven = !usesOldSelf && (place.correlation ?? place.parent)?.isUnchanged === true;
    const add = (error: FieldError): void => {
      if (isForgiven) this.#result.warnings.push(formatFieldError(error));
      else this.#result.errors.push(error);
    };
    const own = message?.program ? this.#message(message.program, bindings, (detail) => add(fieldInvalid(field, typeName, detail))) : undefined;
    const isComposite = schema.type === 'object' || schema.type === 'array';
    add(failure(rule, { value: isComposite ? OMITTED_VALUE : place.value, field }, own ?? (rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`)));
  }

  /** Undefined when none can be made: the plain message takes its place. */
  #message(program: CelProgram, bindings: Bindings, invalid: (detail: string) => void): string | undefined {
    const outcome = program.evaluateNow(bindings);
    this.#spend(outcome.cost, invalid, 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run');
    if (outcome.error !== undefined) {
      if (!outcome.isCostLimit) return undefined;
      invalid(`no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(program.source)}`);
      throw new OutOfBudget();
    }
    const text = typeof outcome.value === 'string' ? outcome.value.trim() : '';
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > MAX_MESSAGE_BYTES ? undefined : text;
  }
}

function failure({ reason }: Rule, { value, field }: { readonly value: unknown; readonly field: string }, message: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldForbidden(field, message);
    case 'FieldValueRequired':
      return fieldRequired(field, message);
    case 'FieldValueDuplicate':
      return fieldDuplicate(field, value);
    default:
      return fieldInvalid(field, value, message);
  }
}
