import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { servedGroupVersions } from '../../../kube/api/inventory.ts';
import { withoutEnumValues } from './descriptions.ts';
import { documentNames, openApiV2, openApiV3 } from './documents.ts';
import { rootPath } from './operations.ts';
import { hasReference, reference } from './reference.test-data.ts';
import type { Json } from './schemas.ts';

interface Swagger {
  readonly paths: Readonly<Record<string, Json>>;
  readonly definitions: Readonly<Record<string, Json>>;
  readonly parameters: Readonly<Record<string, Json>>;
}

const served = servedGroupVersions();

describe('OpenAPI documents', () => {
  it('refer only to schemas that they contain', () => {
    for (const name of documentNames(served)) {
      const document = openApiV3(served, name) as { components: { schemas: Json } } | undefined;
      expect(document, name).toBeDefined();
      const targets = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, target = '']) => target);
      expect(targets.filter((target) => !(target in (document?.components.schemas ?? {}))), name).toEqual([]);
    }
  });

  it('lets kubectl find fieldValidation on PATCH', () => {
    const document = openApiV3(served, 'apis/apps/v1') as { paths: Record<string, { patch: { parameters: { name: string }[] } }> };
    const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch;
    expect(patch?.parameters.map(({ name }) => name)).toContain('fieldValidation');
  });

  it('names the values of enumerations in both forms, and no type that is not served', () => {
    const v2 = openApiV2(served) as unknown as { definitions: Record<string, { properties: Record<string, Json> }> };
    const v3 = openApiV3(served, 'api/v1') as unknown as { components: { schemas: typeof v2.definitions } };
    for (const definitions of [v2.definitions, v3.components.schemas]) {
      const field = definitions['io.k8s.api.core.v1.TopologySpreadConstraint']?.properties['whenUnsatisfiable'];
      expect(field?.['enum']).toEqual(['DoNotSchedule', 'ScheduleAnyway']);
      expect(field?.['description']).toContain('Possible enum values:\n - `"DoNotSchedule"`');
    }
    for (const document of [v2, v3]) expect(JSON.stringify(document)).not.toContain('cbor');
  });

  it('share the parameters of OpenAPI 2 by the names that upstream gives them', () => {
    const document = openApiV2(served) as unknown as Swagger;
    const text = JSON.stringify(document.paths);
    const targets = new Set([...text.matchAll(/"#\/parameters\/([^"]+)"/g)].map(([, target = '']) => target));
    expect([...targets].sort()).toEqual(Object.keys(document.parameters));
    // Their names end with a digest of their texts, line breaks included.
    const names = ['body-2Y1dVQaQ', 'continue-QfD61s0i', 'sendInitialEvents-rLXlEK_k', 'shardSelector-Kgyki_3_', 'watch-XNNPZGbK'];
    expect(names.filter((name) => !targets.has(name))).toEqual([]);
    const list = document.paths['/api/v1/namespaces']?.['get'] as { parameters: readonly Json[] };
    expect(list.parameters[0]).toEqual({ $ref: '#/parameters/allowWatchBookmarks-HC2hJt-J' });
    // kubectl looks for these in operations.
    const create = document.paths['/api/v1/namespaces']?.['post'] as { parameters: readonly Json[] };
    expect(create.parameters.map(({ name }) => name)).toEqual(['body', 'dryRun', undefined, 'fieldValidation']);
  });

  it('sort parameters by name, those of a path before those of a query', () => {
    const document = openApiV3(served, 'api/v1') as { paths: Record<string, { parameters: readonly Json[] }> };
    const parameters = document.paths['/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}']?.parameters;
    expect(parameters?.map(({ name, in: place }) => `${String(name)} ${String(place)}`)).toEqual(['name path', 'namespace path', 'path path', 'path query']);
  });

  it('count what every group registers to the document\'s own group version and core alone', () => {
    const kindsIn = (name: string): unknown => {
      const document = openApiV3(served, name) as { components: { schemas: Record<string, Json> } };
      return document.components.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent']?.['x-kubernetes-group-version-kind'];
    };
    const core = { group: '', kind: 'WatchEvent', version: 'v1' };
    expect(kindsIn('api/v1')).toEqual([core]);
    expect(kindsIn('apis/autoscaling/v2')).toEqual([core, { group: 'autoscaling', kind: 'WatchEvent', version: 'v2' }]);
  });

  it('name the values that a map may have', () => {
    const { definitions } = openApiV2(served) as unknown as { definitions: Record<string, { properties: Record<string, Json> }> };
    const field = definitions['io.k8s.api.core.v1.PersistentVolumeClaimStatus']?.properties['allocatedResourceStatuses'];
    expect((field?.['additionalProperties'] as Json | undefined)?.['enum']).toContain('NodeResizePending');
  });

  it.skipIf(!hasReference())('say what the reference says', { timeout: 60_000 }, () => {
    const want = reference('swagger.json') as Swagger;
    const got = JSON.parse(JSON.stringify(openApiV2(served))) as Swagger;
    const differences = [...comparePaths(want, got), ...compareDefinitions(want, got)];
    if (differences.length > 0) console.log(differences.join('\n'));
    expect(differences).toEqual([]);
  });
});

const roots = new Set(served.map(rootPath));

/** Paths of versions that are served by default, and none of these, which belong to other parts. */
function isOurs(path: string): boolean {
  if (/^\/(?:logs|openid|\.well-known)\//.test(path) || /^\/apis\/(?:internal\.apiserver|storagemigration)\.k8s\.io\/$/.test(path)) return false;
  const root = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/|$)/.exec(path)?.[1];
  return root === undefined || roots.has(root);
}

/** In the published document every alpha feature is on, and no enumeration has its values: a live server is the other way round. */
const ALPHA_TYPES: ReadonlySet<unknown> = new Set(['application/cbor', 'application/cbor-seq', 'application/apply-patch+cbor']);

/** Replaces references to shared parameters, and keys lists of parameters, whose order says nothing, by place and name. */
function normalized(value: unknown, swagger: Swagger): unknown {
  if (typeof value === 'string') return withoutEnumValues(value).replace(/\s+/g, ' ').trim();
  if (Array.isArray(value)) return value.filter((item) => !ALPHA_TYPES.has(item)).map((item) => normalized(item, swagger));
  if (typeof value !== 'object' || value === null) return value;
  const { enum: values, ...rest } = value as Json;
  return Object.fromEntries(Object.entries(Array.isArray(values) ? rest : value).map(([key, member]) => [key, key === 'parameters' && Array.isArray(member) ? byPlace(member, swagger) : normalized(member, swagger)]));
}

function byPlace(parameters: readonly Json[], swagger: Swagger): Json {
  const resolved = parameters.map((parameter) => {
    const shared = /^#\/parameters\/(.*)$/.exec(String(parameter['$ref']))?.[1];
    return shared === undefined ? parameter : (swagger.parameters[shared] ?? parameter);
  });
  return Object.fromEntries(resolved.map((parameter) => [`${String(parameter['in'])} ${String(parameter['name'])}`, normalized(parameter, swagger)]));
}

function compare(want: unknown, got: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(want, got)) return [];
  const bothObjects = [want, got].every((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  if (!bothObjects) return [`${path}: want ${JSON.stringify(want)}, got ${JSON.stringify(got)}`];
  const [a, b] = [want as Json, got as Json];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => compare(a[key], b[key], `${path}/${key}`));
}

function comparePaths(want: Swagger, got: Swagger): readonly string[] {
  const names = new Set([...Object.keys(want.paths).filter(isOurs), ...Object.keys(got.paths)]);
  return [...names].flatMap((name) => compare(normalized(want.paths[name], want), normalized(got.paths[name], got), name));
}

/** Texts of our own: the originals are long prose that no npm package has. */
const ownTexts = new Set(['io.k8s.apimachinery.pkg.api.resource.Quantity']);

function compareDefinitions(want: Swagger, got: Swagger): readonly string[] {
  return Object.entries(got.definitions).flatMap(([name, definition]) => {
    const differences = compare(normalized(want.definitions[name], want), normalized(definition, got), name);
    return ownTexts.has(name) ? differences.filter((difference) => !difference.startsWith(`${name}/description:`)) : differences;
  });
}
