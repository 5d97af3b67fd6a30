import type { CelLibrary } from '../cel/cel-environment.ts';
import { declareType } from './declared-type.ts';
import { additionalOf, type JsonSchema, propertyOf } from './json-schema.ts';
import { compileRules, type CompiledRule, type Rule, SELF_TYPE } from './rule-compiler.ts';

/** A part of a schema that has rules, or holds parts that have. */
export interface RuleNode {
  readonly schema: JsonSchema;
  readonly isResource: boolean;
  readonly rules: readonly CompiledRule[];
  readonly items: RuleNode | undefined;
  readonly additional: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly allOf: readonly RuleNode[];
}

/** Compiles all rules of a schema; parts without any are left out. */
export function planRules(schema: JsonSchema, { library, isResource }: { readonly library: CelLibrary; readonly isResource: boolean }): RuleNode | undefined {
  return nodeOf({ rules: schema, schema, isResource }, library);
}

interface Part {
  /** Where the rules stand: the schema itself, or what its allOf says of it. */
  readonly rules: JsonSchema;
  readonly schema: JsonSchema;
  readonly isResource: boolean;
}

function nodeOf({ rules, schema, isResource }: Part, library: CelLibrary): RuleNode | undefined {
  const own = (rules['x-kubernetes-validations'] ?? []) as readonly Rule[];
  const declared = own.length > 0 ? declareType(schema, { name: SELF_TYPE, isResource }) : undefined;
  const child = (ofRules: JsonSchema | undefined, ofSchema: JsonSchema | undefined): RuleNode | undefined =>
    ofRules && ofSchema && nodeOf({ rules: ofRules, schema: ofSchema, isResource: ofSchema['x-kubernetes-embedded-resource'] === true }, library);
  const node: RuleNode = {
    schema, isResource,
    rules: own.length === 0 ? [] : declared ? compileRules(own, declared, library) : own.map(uncompiled),
    items: child(rules.items, schema.items),
    additional: child(additionalOf(rules), additionalOf(schema)),
    properties: propertiesOf(rules, schema, child),
    allOf: (rules.allOf ?? []).flatMap((nested) => nodeOf({ rules: nested, schema, isResource }, library) ?? []),
  };
  const isEmpty = node.rules.length === 0 && !node.items && !node.additional && node.properties.size === 0 && node.allOf.length === 0;
  return isEmpty ? undefined : node;
}

function uncompiled(rule: Rule): CompiledRule {
  return { rule, body: { problem: 'failed to convert to declType for CEL validation rules' }, message: undefined, usesOldSelf: false };
}

function propertiesOf(rules: JsonSchema, schema: JsonSchema, child: (rules: JsonSchema | undefined, schema: JsonSchema | undefined) => RuleNode | undefined): ReadonlyMap<string, RuleNode> {
  const found = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(rules.properties ?? {})) {
    const node = child(property, propertyOf(schema, name));
    if (node && isVisible(propertyOf(schema, name) as JsonSchema)) found.set(name, node);
  }
  return found;
}

/** Rules on and below what expressions cannot see are never evaluated. */
function isVisible(schema: JsonSchema): boolean {
  return declareType(schema, { name: SELF_TYPE }) !== undefined;
}
