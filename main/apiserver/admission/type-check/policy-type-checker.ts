import type { ExpressionWarning, NamedRuleWithOperations, ValidatingAdmissionPolicy } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { type GroupVersionKind, parseApiVersion } from '../../../../kube/apimachinery/gvr.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import type { TypeProvider } from '../../cel/declarations.ts';
import type { DeclaredType } from '../../customresources/declared-type.ts';
import { declareType, providerOf } from '../../customresources/declared-type.ts';
import { admissionEnvironment, compileVariables } from '../policies/admission-expressions.ts';
import { type OpenApiSchemas, resolveSchema } from './resolve-schema.ts';

export interface PolicyTypeCheckerOptions {
  /** All that is served. */
  readonly resources: () => Iterable<GroupVersionKind & { readonly resource: string }>;
  /** The schemas of the OpenAPI 3 document of a group version; undefined where there is none. */
  readonly schemas: (document: string) => Promise<OpenApiSchemas | undefined>;
}

/** Upstream: maxTypesToCheck. */
const MAX_KINDS = 10;

/**
 * What the expressions of a policy would run into, judging by the schemas of the kinds that it is about (upstream:
 * admission/plugin/policy/validating/typechecking.go). Rules with wildcards and subresources are left out.
 */
export class PolicyTypeChecker {
  readonly #options: PolicyTypeCheckerOptions;

  constructor(options: PolicyTypeCheckerOptions) {
    this.#options = options;
  }

  async check({ spec }: ValidatingAdmissionPolicy): Promise<readonly ExpressionWarning[]> {
    const typeOf = this.#declaredTypes();
    const { apiVersion = '', kind: paramsKind = '' } = spec?.paramKind ?? {};
    const params = spec?.paramKind ? await typeOf({ ...parseApiVersion(apiVersion), kind: paramsKind }) : undefined;
    const checks: { readonly title: string; readonly problemOf: (source: string) => string | undefined }[] = [];
    for (const kind of this.#kindsOf(spec?.matchConstraints?.resourceRules ?? [])) {
      const object = await typeOf(kind);
      if (!object) continue;
      const { scope } = compileVariables({
        library: celLibrary(), hasParams: spec?.paramKind !== undefined, object: object.type, types: joined([object, params]), ...(params ? { params: params.type } : {}),
      }, spec?.variables);
      const environment = admissionEnvironment(scope);
      checks.push({ title: `${kind.group}/${kind.version}, Kind=${kind.kind}`, problemOf: (source) => environment.compile(source).problem });
    }
    return (spec?.validations ?? []).flatMap(({ expression, messageExpression }, index) =>
      Object.entries({ expression, messageExpression }).flatMap(([member, source]) => {
        if (!source) return [];
        const problems = checks.flatMap(({ title, problemOf }) => {
          const problem = problemOf(source);
          return problem === undefined ? [] : [`${title}: ${problem}\n`];
        });
        return problems.length === 0 ? [] : [{ fieldRef: `spec.validations[${index}].${member}`, warning: problems.join('\n') }];
      }));
  }

  #kindsOf(rules: readonly NamedRuleWithOperations[]): readonly GroupVersionKind[] {
    const found = new Map<string, GroupVersionKind>();
    for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
      for (const group of apiGroups) for (const version of apiVersions) for (const resource of resources) {
        if (/[*]/.test(group + version) || /[*/]/.test(resource)) continue;
        for (const kind of this.#kindsFor({ group, version, resource: resource.toLowerCase() })) {
          if (found.size < MAX_KINDS) found.set(`${kind.group}/${kind.version} ${kind.kind}`, kind);
        }
      }
    }
    return [...found.values()].toSorted((a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind));
  }

  /** As upstream's RESTMapper: no group is any group, and singular names are names. */
  #kindsFor(wanted: { readonly group: string; readonly version: string; readonly resource: string }): readonly GroupVersionKind[] {
    return [...this.#options.resources()].flatMap(({ group, version, resource, kind }) => {
      const isNamed = resource === wanted.resource || kind.toLowerCase() === wanted.resource;
      return isNamed && version === wanted.version && (wanted.group === '' || group === wanted.group) ? [{ group, version, kind }] : [];
    });
  }

  #declaredTypes(): (kind: GroupVersionKind) => Promise<DeclaredType | undefined> {
    const documents = new Map<string, Promise<OpenApiSchemas | undefined>>();
    return async ({ group, version, kind }) => {
      const name = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      const document = documents.get(name) ?? this.#options.schemas(name);
      documents.set(name, document);
      const schemas = (await document) ?? {};
      const schema = Object.values(schemas).find((candidate) => candidate['x-kubernetes-group-version-kind']?.some((known) => known.group === group && known.version === version && known.kind === kind));
      // Upstream numbers its types at random, so that they differ.
      return schema && declareType(resolveSchema(schema, schemas), { name: `${kind}${documents.size}`, isResource: true });
    };
  }
}

function joined(types: readonly (DeclaredType | undefined)[]): TypeProvider {
  const providers = types.flatMap((type) => (type ? [providerOf(type)] : []));
  return {
    hasType: (name) => providers.some((provider) => provider.hasType(name)),
    fieldType: (name, field) => providers.find((provider) => provider.hasType(name))?.fieldType(name, field),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
