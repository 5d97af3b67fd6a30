import { fieldDuplicate, type FieldError, fieldInvalid, fieldRequired, fieldTooMany } from '../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { CelEnvironment, celLibrary, type CelProgram } from '../cel/cel-environment.ts';
import { celOfJson } from '../cel/json-values.ts';
import { BOOL, type CelType, isExactType, listType, mapType, STRING, structType, typeText } from '../cel/types.ts';

/** The matchConditions of a webhook authorizer: CEL over `request`, the spec of a SubjectAccessReview (upstream: apiserver/pkg/authorization/cel). */
export interface MatchConditions {
  /** False as soon as one condition is; an error of another one counts only when none is, and is then thrown. `request` is called only when there are conditions. */
  matches(request: () => unknown): boolean;
}

const MAX_CONDITIONS = 64;
const TEXTS = listType(STRING);
const [SPEC, RESOURCE, PATH] = [structType('kubernetes.SubjectAccessReviewSpec'), structType('kubernetes.ResourceAttributes'), structType('kubernetes.NonResourceAttributes')];
const [FIELDS, LABELS, REQUIREMENT] = [structType('kubernetes.FieldSelectorAttributes'), structType('kubernetes.LabelSelectorAttributes'), structType('kubernetes.SelectorRequirement')];
const SELECTOR = { rawSelector: STRING, requirements: listType(REQUIREMENT) };
const TYPES: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  [SPEC.name]: { resourceAttributes: RESOURCE, nonResourceAttributes: PATH, user: STRING, groups: TEXTS, extra: mapType(STRING, TEXTS), uid: STRING },
  [RESOURCE.name]: { namespace: STRING, verb: STRING, group: STRING, version: STRING, resource: STRING, subresource: STRING, name: STRING, fieldSelector: FIELDS, labelSelector: LABELS },
  [PATH.name]: { path: STRING, verb: STRING },
  [FIELDS.name]: SELECTOR,
  [LABELS.name]: SELECTOR,
  [REQUIREMENT.name]: { key: STRING, operator: STRING, values: TEXTS },
};
const provider = {
  hasType: (name: string): boolean => Object.hasOwn(TYPES, name),
  fieldType(name: string, field: string): CelType | undefined {
    const fields = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    return fields && Object.hasOwn(fields, field) ? fields[field] : undefined;
  },
};

/** `conditions` as they stand in the file, `path` theirs. What makes no sense is left out and told in `errors`. */
export function compileMatchConditions(conditions: readonly unknown[], path: string): { readonly conditions: MatchConditions; readonly errors: readonly FieldError[] } {
  if (conditions.length > MAX_CONDITIONS) return { conditions: { matches: () => true }, errors: [fieldTooMany(path, conditions.length, MAX_CONDITIONS)] };
  const errors: FieldError[] = [];
  const programs: CelProgram[] = [];
  const seen = new Set<string>();
  const environment = conditions.length === 0 ? undefined : new CelEnvironment({ library: celLibrary(), variables: { request: SPEC }, provider });
  for (const [index, condition] of conditions.entries()) {
    const at = `${path}[${index}].expression`;
    const source = isJsonObject(condition) && typeof condition['expression'] === 'string' ? condition['expression'] : '';
    if (source.trim() === '') errors.push(fieldRequired(at));
    else if (seen.has(source)) errors.push(fieldDuplicate(at, source));
    else {
      seen.add(source);
      const { program, problem } = environment?.compile(source) ?? {};
      if (!program) errors.push(fieldInvalid(at, source, `compilation failed: ${problem}`));
      else if (!isExactType(program.type, BOOL)) errors.push(fieldInvalid(at, source, `must evaluate to bool but got ${typeText(program.type)}`));
      else programs.push(program);
    }
  }
  return { conditions: { matches: (request) => programs.length === 0 || matchesAll(programs, request()) }, errors };
}

function matchesAll(programs: readonly CelProgram[], request: unknown): boolean {
  const bindings = { request: celOfJson(request) };
  const errors: string[] = [];
  for (const program of programs) {
    const outcome = program.evaluateNow(bindings);
    if (outcome.error !== undefined) errors.push(`cel evaluation error: expression '${program.source}' resulted in error: ${outcome.error}`);
    else if (outcome.value !== true) return false;
  }
  if (errors.length > 0) throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
  return true;
}
