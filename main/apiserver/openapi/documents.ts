import { type GroupVersionKind, parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import { customPathsOf } from './custom-operations.ts';
import { definitionName, EVERYWHERE, FIELDS_V1, INT_OR_STRING, messageOfKind, MICRO_TIME, PATCH, QUANTITY, RAW_EXTENSION, TIME, VERSION_INFO } from './definition-names.ts';
import { usedDefinitions } from './merge-specs.ts';
import { groupTag, operationPrefix, pathsOf, rootPath, tagOf } from './operations.ts';
import { renderGet, renderPath } from './render-operations.ts';
import { definitionOf, type Dialect, type Json, referredMessages } from './schemas.ts';
import { sharedParameters } from './shared-parameters.ts';
import { specialDefinitions } from './special-definitions.ts';

/** A group version of custom resources, whose schemas are not in kube/api. */
export interface CustomGroupVersion extends GroupVersionInfo {
  /** By definition name (`dev.coracle.v1.Widget`), already in the given form of OpenAPI. */
  readonly definitions: (dialect: Dialect) => Readonly<Record<string, Json>>;
  readonly definitionOfKind: (kind: string) => string | undefined;
}

const DISCOVERY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const KINDS = 'x-kubernetes-group-version-kind';
const INFO = { title: 'Kubernetes', version: '1.36' };
const securityOf = (dialect: Dialect): Json => {
  const description = 'Bearer Token authentication';
  return { BearerToken: { ...(dialect === 2 ? { description, type: 'apiKey' } : { type: 'apiKey', description }), name: 'authorization', in: 'header' } };
};
const specials = [TIME, MICRO_TIME, FIELDS_V1, PATCH, QUANTITY, INT_OR_STRING, RAW_EXTENSION];

function isCustom(info: GroupVersionInfo): info is CustomGroupVersion {
  return 'definitionOfKind' in info;
}

function resourcePaths(info: GroupVersionInfo, dialect: Dialect): Json {
  const tag = tagOf(info);
  if (isCustom(info)) {
    const definitionOfKind = ({ kind }: { kind: string }): string | undefined => info.definitionOfKind(kind);
    return Object.fromEntries(customPathsOf(info).map((item) => [item.path, renderPath(item, { dialect, tag, definitionOfKind })] as const));
  }
  const root = renderGet(
    {
      id: `get${operationPrefix(info)}APIResources`, description: 'get available resources', definition: definitionName('meta/v1.APIResourceList'),
      types: DISCOVERY_TYPES,
    },
    { dialect, tag },
  );
  const items = pathsOf(info).map((item) => [item.path, renderPath(item, { dialect, tag })] as const);
  return { [`${rootPath(info)}/`]: root, ...Object.fromEntries(items) };
}

/** Messages of the kinds that a group version's operations mention, with everything they refer to. */
function reachable(roots: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const pending = [...roots];
  for (let message = pending.pop(); message !== undefined; message = pending.pop()) {
    if (seen.has(message)) continue;
    seen.add(message);
    pending.push(...referredMessages(message));
  }
  return seen;
}

function rootMessages(info: GroupVersionInfo): readonly string[] {
  const kinds = info.resources.flatMap((resource) => [
    resource, { ...resource, kind: `${resource.kind}List` }, ...resource.subresources.map(({ kind }) => kind).filter(({ kind }) => !kind.endsWith('Options')),
  ]);
  const meta = ['Status', 'DeleteOptions', 'WatchEvent', 'APIResourceList', ...(isCustom(info) ? ['ObjectMeta', 'ListMeta'] : [])].map((kind) => `meta/v1.${kind}`);
  return [...kinds.flatMap((gvk) => messageOfKind(gvk) ?? []), ...meta];
}

function definitions(infos: readonly GroupVersionInfo[], dialect: Dialect): Json {
  const messages = reachable(infos.flatMap(rootMessages));
  const result: Json = {};
  for (const message of messages) result[definitionName(message)] = definitionOf(message, dialect);
  const special = specialDefinitions(dialect);
  for (const name of specials) result[name] = special[name];
  if ([...messages].some((message) => message.startsWith('apiextensions/v1.JSONSchemaProps'))) {
    for (const [name, schema] of Object.entries(special)) if (name.includes('.apiextensions.v1.')) result[name] = schema;
  }
  for (const info of infos) if (isCustom(info)) Object.assign(result, info.definitions(dialect));
  return sorted(result);
}

function sorted(object: Json): Json {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** /openapi/v2: one document of everything. */
export function openApiV2(infos: readonly GroupVersionInfo[]): Json {
  const paths: Json = {};
  for (const info of infos) Object.assign(paths, resourcePaths(info, 2));
  Object.assign(paths, rootPaths(infos, 2));
  const everything = definitions(infos, 2);
  for (const kind of ['APIGroup', 'APIGroupList', 'APIVersions', 'GroupVersionForDiscovery', 'ServerAddressByClientCIDR']) {
    everything[definitionName(`meta/v1.${kind}`)] = definitionOf(`meta/v1.${kind}`, 2);
  }
  everything[VERSION_INFO] = specialDefinitions(2)[VERSION_INFO];
  const shared = sharedParameters(paths);
  return {
    swagger: '2.0',
    info: INFO,
    paths: sorted(shared.paths),
    definitions: sorted(everything),
    parameters: shared.parameters,
    securityDefinitions: securityOf(2),
    security: [{ BearerToken: [] }],
  };
}

/** Paths that belong to no group version. */
function rootPaths(infos: readonly GroupVersionInfo[], dialect: Dialect): Json {
  const get = (id: string, description: string, definition: string, tag: string): Json =>
    renderGet({ id, description, definition: definition === VERSION_INFO ? VERSION_INFO : definitionName(`meta/v1.${definition}`), types: definition === VERSION_INFO ? ['application/json'] : DISCOVERY_TYPES }, { dialect, tag });
  const groups = [...new Set(infos.filter((info) => !isCustom(info)).map(({ group }) => group))].filter((group) => group !== '');
  return {
    '/api/': get('getCoreAPIVersions', 'get available API versions', 'APIVersions', 'core'),
    '/apis/': get('getAPIVersions', 'get available API versions', 'APIGroupList', 'apis'),
    '/version/': get('getCodeVersion', 'get the version information for this server', VERSION_INFO, 'version'),
    ...issuerPaths(dialect),
    ...Object.fromEntries(groups.map((group) => {
      const tag = groupTag(group);
      return [`/apis/${group}/`, get(`get${tag.charAt(0).toUpperCase()}${tag.slice(1)}APIGroup`, 'get information of a group', 'APIGroup', tag)];
    })),
  };
}

const ISSUER_DOCUMENTS = ['.well-known/openid-configuration', 'openid/v1/jwks'];

/** What verifiers of service account tokens read. */
function issuerPaths(dialect: Dialect): Json {
  return {
    '/.well-known/openid-configuration/': renderGet(
      { id: 'getServiceAccountIssuerOpenIDConfiguration', description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'", types: ['application/json'] },
      { dialect, tag: 'WellKnown' },
    ),
    '/openid/v1/jwks/': renderGet(
      { id: 'getServiceAccountIssuerOpenIDKeyset', description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)', types: ['application/jwk-set+json'] },
      { dialect, tag: 'openid' },
    ),
  };
}

/** The names of OpenAPI 3 documents: `api`, `api/v1`, `apis/apps`, `apis/apps/v1`, `version`; groups of custom resources have none of their own. */
export function documentNames(infos: readonly GroupVersionInfo[]): readonly string[] {
  const groups = new Set(infos.filter((info) => info.group !== '' && !isCustom(info)).map(({ group }) => `apis/${group}`));
  return ['api', 'apis', 'version', ...ISSUER_DOCUMENTS, ...groups, ...infos.map((info) => rootPath(info).slice(1))].sort();
}

/** /openapi/v3/NAME; undefined when there is no such document. */
export function openApiV3(infos: readonly GroupVersionInfo[], name: string): Json | undefined {
  const info = infos.find((candidate) => rootPath(candidate) === `/${name}`);
  if (info) return groupVersionDocument(info);
  const all = rootPaths(infos, 3);
  const path = all[`/${name}/`];
  if (ISSUER_DOCUMENTS.includes(name)) return document3({ [`/${name}/`]: path }, {});
  if (path === undefined || parseApiVersion(name).version === 'v1') return undefined;
  const kinds = name === 'api' ? ['APIVersions', 'ServerAddressByClientCIDR'] : name === 'apis' ? ['APIGroupList', 'APIGroup', 'GroupVersionForDiscovery', 'ServerAddressByClientCIDR'] : ['APIGroup', 'GroupVersionForDiscovery', 'ServerAddressByClientCIDR'];
  const schemas = name === 'version' ? { [VERSION_INFO]: specialDefinitions(3)[VERSION_INFO] } : Object.fromEntries(kinds.map((kind) => [definitionName(`meta/v1.${kind}`), definitionOf(`meta/v1.${kind}`, 3)]));
  return document3({ [`/${name}/`]: path }, schemas);
}

function groupVersionDocument(info: GroupVersionInfo): Json {
  const paths = resourcePaths(info, 3);
  const schemas = withScopedKinds(usedDefinitions(paths, definitions([info], 3), '#/components/schemas/'), info);
  if (!isCustom(info)) return document3(paths, schemas);
  return { openapi: '3.0.0', info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }, paths: sorted(paths), components: { schemas: sorted(schemas) } };
}

/** Groups that are in no client's scheme, by which upstream describes custom resources. */
const NOT_FOR_CLIENTS = new Set(['admission.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'imagepolicy.k8s.io']);

/** What every group version registers is here a kind of this one and of core/v1 alone (upstream: filterScopedGVKs). */
function withScopedKinds(schemas: Json, info: GroupVersionInfo): Json {
  const names = new Set([...EVERYWHERE].map((kind) => definitionName(`meta/v1.${kind}`)));
  const isOwn = ({ group, version }: GroupVersionKind): boolean => (group === info.group && version === info.version) || (group === '' && version === 'v1');
  const isHere = isCustom(info) ? ({ group }: GroupVersionKind): boolean => !NOT_FOR_CLIENTS.has(group) : isOwn;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => {
    const kinds = (schema as Json)[KINDS] as readonly GroupVersionKind[] | undefined;
    return [name, kinds && names.has(name) ? { ...(schema as Json), [KINDS]: kinds.filter(isHere) } : schema];
  }));
}

function document3(paths: Json, schemas: Json): Json {
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: sorted(paths),
    components: { ...(Object.keys(schemas).length > 0 ? { schemas: sorted(schemas) } : {}), securitySchemes: securityOf(3) },
  };
}
