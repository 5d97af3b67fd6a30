import { Optional } from '@marcbachmann/cel-js';
import { type FieldError, fieldDuplicate, fieldForbidden, fieldInvalid, fieldRequired, OMITTED_VALUE } from '../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { CelEnvironment, type CelProgram } from '../cel/cel-environment.ts';
import { CostBudget } from '../cel/cost-budget.ts';
import { celOfValue } from './cel-values.ts';
import { parseJsonPath } from './json-path.ts';
import { type JsonSchema, memberSchema, someSchema } from './json-schema.ts';

interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

interface CompiledRule {
  readonly rule: Rule;
  readonly usesOldSelf: boolean;
  readonly program: CelProgram | undefined;
  readonly problem: string;
  readonly message: CelProgram | undefined;
}

interface Place {
  readonly value: unknown;
  readonly old: unknown;
  readonly field: string;
}

/** What all rules of one write may spend (upstream: apiextensions-apiserver's RuntimeCELCostBudget). */
const WRITE_COST_LIMIT = 10_000_000;
const NOT_CHECKED = 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
/** Values with such errors need not have the shape that rules are written for. */
const BLOCKING: ReadonlySet<string> = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

/** The x-kubernetes-validations of one schema (upstream: apiextensions-apiserver, pkg/apiserver/schema/cel). Compiled at first use. */
export class CelRules {
  readonly #schema: JsonSchema;
  readonly #rules = new Map<JsonSchema, readonly CompiledRule[]>();
  readonly #hasRules: boolean;
  #environment: CelEnvironment | undefined;

  constructor(schema: JsonSchema) {
    this.#schema = schema;
    this.#hasRules = someSchema(schema, (part) => (part['x-kubernetes-validations']?.length ?? 0) > 0);
  }

  /** What the rules add to the errors that the schema found. `old` is absent on a create. */
  validate(value: unknown, old: unknown, schemaErrors: readonly FieldError[]): readonly FieldError[] {
    if (!this.#hasRules) return [];
    if (schemaErrors.some(({ type }) => BLOCKING.has(type))) return [fieldInvalid('', null, NOT_CHECKED)];
    const errors: FieldError[] = [];
    this.#visit({ value, old, field: '' }, this.#schema, { errors, budget: new CostBudget(WRITE_COST_LIMIT) });
    return errors;
  }

  #visit(place: Place, schema: JsonSchema, run: { readonly errors: FieldError[]; readonly budget: CostBudget }): void {
    const { value, old, field } = place;
    if (value === null || value === undefined) return;
    for (const rule of this.#compiled(schema)) {
      const error = evaluate(rule, place, { schema, budget: run.budget });
      if (error) run.errors.push(error);
    }
    if (Array.isArray(value)) {
      const { items } = schema;
      if (!items) return;
      const correlated = correlation(old, schema);
      for (const [index, item] of value.entries()) this.#visit({ value: item, old: correlated(item), field: `${field}[${index}]` }, items, run);
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value).sort()) {
        const type = memberSchema(schema, name);
        if (type) this.#visit({ value: value[name], old: isJsonObject(old) ? old[name] : undefined, field: field === '' ? name : `${field}.${name}` }, type, run);
      }
    }
  }

  #compiled(schema: JsonSchema): readonly CompiledRule[] {
    const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[];
    if (rules.length === 0) return [];
    let compiled = this.#rules.get(schema);
    if (!compiled) {
      this.#environment ??= new CelEnvironment({ variables: { self: 'dyn', oldSelf: 'dyn' } });
      const environment = this.#environment;
      compiled = rules.map((rule) => {
        const { program, problem = '' } = environment.compile(rule.rule, ['bool']);
        const message = rule.messageExpression ? environment.compile(rule.messageExpression, ['string']).program : undefined;
        return { rule, usesOldSelf: /\boldSelf\b/.test(rule.rule), program, problem, message };
      });
      this.#rules.set(schema, compiled);
    }
    return compiled;
  }
}

/** The old item of a new one: by its keys in a list of type map; elsewhere items have no history. */
function correlation(old: unknown, schema: JsonSchema): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map') return () => undefined;
  const identity = (item: unknown): string => JSON.stringify(keys.map((key) => (isJsonObject(item) ? item[key] : undefined)));
  const byKey = new Map(old.map((item: unknown) => [identity(item), item]));
  return (item) => byKey.get(identity(item));
}

function evaluate(compiled: CompiledRule, { value, old, field }: Place, { schema, budget }: { readonly schema: JsonSchema; readonly budget: CostBudget }): FieldError | undefined {
  const { rule, usesOldSelf, program, problem } = compiled;
  if (usesOldSelf && old === undefined && !rule.optionalOldSelf) return undefined;
  const typeName = Array.isArray(value) ? 'array' : isJsonObject(value) ? 'object' : value;
  if (!program) return fieldInvalid(field, typeName, `rule compile error: ${problem}`);
  const oldValue = old === undefined ? undefined : celOfValue(old, schema);
  const bindings = {
    self: celOfValue(value, schema),
    ...(usesOldSelf ? { oldSelf: rule.optionalOldSelf ? (oldValue === undefined ? Optional.none() : Optional.of(oldValue)) : oldValue } : {}),
  };
  try {
    if (program.evaluate(bindings, budget) === true) return undefined;
  } catch (error) {
    return fieldInvalid(field, typeName, `${error instanceof Error ? error.message : String(error)} evaluating rule: ${rule.message?.trim() || rule.rule.trim()}`);
  }
  return failure(rule, { value, field: pathWithin(field, rule.fieldPath) }, messageOf(compiled, bindings, budget));
}

function messageOf({ rule, message }: CompiledRule, bindings: Readonly<Record<string, unknown>>, budget: CostBudget): string {
  try {
    const text = message?.evaluate(bindings, budget);
    if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text.trim();
  } catch {
    // A message that cannot be made gives way to the plain one, as upstream.
  }
  return rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
}

function pathWithin(field: string, fieldPath: string | undefined): string {
  if (!fieldPath) return field;
  const names = (parseJsonPath(fieldPath) ?? []).flatMap((step) => (step.kind === 'field' ? [step.name] : []));
  return [...(field === '' ? [] : [field]), ...names].join('.');
}

function failure({ reason }: Rule, { value, field }: { readonly value: unknown; readonly field: string }, message: string): FieldError {
  const shown = typeof value === 'object' ? OMITTED_VALUE : value;
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldForbidden(field, message);
    case 'FieldValueRequired':
      return fieldRequired(field, message);
    case 'FieldValueDuplicate':
      return fieldDuplicate(field, shown);
    default:
      return fieldInvalid(field, shown, message);
  }
}
