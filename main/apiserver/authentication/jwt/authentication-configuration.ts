import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { parseDocument } from '../../negotiation/decode-body.ts';
import { compileJsonExpression, type JsonExpression } from './claim-expressions.ts';

/** kube-apiserver's --authentication-config: `AuthenticationConfiguration` of apiserver.config.k8s.io. */
export interface AuthenticationConfiguration {
  readonly issuers: readonly JwtIssuer[];
  readonly anonymous?: { readonly enabled: boolean; readonly paths: readonly string[] };
}

export interface JwtIssuer {
  readonly url: string;
  readonly discoveryURL: string | undefined;
  /** PEM; absent: what the system trusts. */
  readonly certificateAuthority: string | undefined;
  readonly audiences: readonly string[];
  readonly username: ClaimMapping;
  readonly groups: ClaimMapping | undefined;
  readonly uid: ClaimMapping | undefined;
  readonly extra: readonly { readonly key: string; readonly value: JsonExpression }[];
  readonly requiredClaims: readonly { readonly claim: string; readonly value: string }[];
  readonly claimRules: readonly ValidationRule[];
  readonly userRules: readonly ValidationRule[];
}

/** Either the claim, maybe with a prefix, or an expression over all of them. */
export type ClaimMapping = { readonly claim: string; readonly prefix: string } | { readonly expression: JsonExpression };

export interface ValidationRule {
  readonly expression: JsonExpression;
  readonly message: string;
}

const GROUP = 'apiserver.config.k8s.io';
const VERSIONS = new Set(['v1', 'v1beta1', 'v1alpha1'].map((version) => `${GROUP}/${version}`));
/** As upstream. */
const MAX_ISSUERS = 64;
type Json = Record<string, unknown>;

/** Throws with the path of what is wrong. Upstream's own tokens have an issuer that no other may use. */
export function parseAuthenticationConfiguration(text: string, { disallowedIssuers }: { readonly disallowedIssuers: readonly string[] }): AuthenticationConfiguration {
  const { value } = parseDocument(Buffer.from(text), 'yaml');
  if (!isJsonObject(value) || value['kind'] !== 'AuthenticationConfiguration' || !VERSIONS.has(String(value['apiVersion']))) {
    throw new Error(`expected kind AuthenticationConfiguration of ${GROUP}/v1`);
  }
  const jwt = listOf(value['jwt'], 'jwt');
  if (jwt.length > MAX_ISSUERS) throw new Error(`jwt: Too many: ${jwt.length}: must have at most ${MAX_ISSUERS} items`);
  const issuers = jwt.map((item, index) => issuerOf(item, `jwt[${index}]`));
  for (const [index, { url }] of issuers.entries()) {
    if (disallowedIssuers.includes(url)) throw new Error(`jwt[${index}].issuer.url: Invalid value: ${JSON.stringify(url)}: URL must not overlap with disallowed issuers: [${disallowedIssuers.join(' ')}]`);
    if (issuers.findIndex((other) => other.url === url) !== index) throw new Error(`jwt[${index}].issuer.url: Duplicate value: ${JSON.stringify(url)}`);
  }
  const { anonymous } = value;
  if (!isJsonObject(anonymous)) return { issuers };
  const paths = listOf(anonymous['conditions'], 'anonymous.conditions').map(({ path }) => String(path ?? ''));
  return { issuers, anonymous: { enabled: anonymous['enabled'] === true, paths } };
}

function issuerOf(item: Json, path: string): JwtIssuer {
  const issuer = objectOf(item['issuer'], `${path}.issuer`);
  const url = urlOf(issuer['url'], `${path}.issuer.url`);
  const discovery = textOf(issuer['discoveryURL']);
  const audiences = ([] as unknown[]).concat(issuer['audiences'] ?? []).map(String);
  if (audiences.length === 0) throw new Error(`${path}.issuer.audiences: Required value: at least one jwt[*].issuer.audiences is required`);
  if (audiences.length > 1 && issuer['audienceMatchPolicy'] !== 'MatchAny') {
    throw new Error(`${path}.issuer.audienceMatchPolicy: Invalid value: ${JSON.stringify(textOf(issuer['audienceMatchPolicy']))}: audienceMatchPolicy must be MatchAny for multiple audiences`);
  }
  const mappings = objectOf(item['claimMappings'], `${path}.claimMappings`);
  const username = mappingOf(mappings['username'], `${path}.claimMappings.username`, { hasPrefix: true });
  if (!username) throw new Error(`${path}.claimMappings.username: Required value: claim or expression is required`);
  const rules = listOf(item['claimValidationRules'], `${path}.claimValidationRules`);
  return {
    url, audiences, username,
    discoveryURL: discovery === '' ? undefined : urlOf(discovery, `${path}.issuer.discoveryURL`),
    certificateAuthority: textOf(issuer['certificateAuthority']) || undefined,
    groups: mappingOf(mappings['groups'], `${path}.claimMappings.groups`, { hasPrefix: true }),
    uid: mappingOf(mappings['uid'], `${path}.claimMappings.uid`, { hasPrefix: false }),
    extra: listOf(mappings['extra'], `${path}.claimMappings.extra`).map((one, index) => extraOf(one, `${path}.claimMappings.extra[${index}]`)),
    requiredClaims: rules.filter(({ claim }) => claim).map(({ claim, requiredValue }) => ({ claim: String(claim), value: textOf(requiredValue) })),
    claimRules: rulesOf(rules.filter(({ claim }) => !claim), 'claims', `${path}.claimValidationRules`),
    userRules: rulesOf(listOf(item['userValidationRules'], `${path}.userValidationRules`), 'user', `${path}.userValidationRules`),
  };
}

function mappingOf(value: unknown, path: string, { hasPrefix }: { readonly hasPrefix: boolean }): ClaimMapping | undefined {
  if (!isJsonObject(value)) return undefined;
  const { claim, prefix, expression } = value;
  if (expression && claim) throw new Error(`${path}: Invalid value: "": claim and expression can't both be set`);
  if (expression) return { expression: compiled(() => compileJsonExpression('claims', textOf(expression)), `${path}.expression`) };
  if (!claim) return undefined;
  if (hasPrefix && typeof prefix !== 'string') throw new Error(`${path}.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing`);
  return { claim: textOf(claim), prefix: textOf(prefix) };
}

function extraOf({ key, valueExpression }: Json, path: string): { readonly key: string; readonly value: JsonExpression } {
  const name = textOf(key);
  if (!name.includes('/') || name !== name.toLowerCase()) throw new Error(`${path}.key: Invalid value: ${JSON.stringify(name)}: key must be a domain-prefix path (such as "acme.io/foo") in lower case`);
  if (/(^|\.)(kubernetes|k8s)\.io\//.test(name)) throw new Error(`${path}.key: Invalid value: ${JSON.stringify(name)}: k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use`);
  return { key: name, value: compiled(() => compileJsonExpression('claims', textOf(valueExpression)), `${path}.valueExpression`) };
}

function rulesOf(rules: readonly Json[], variable: 'claims' | 'user', path: string): readonly ValidationRule[] {
  return rules.map(({ expression, message }, index) => ({
    expression: compiled(() => compileJsonExpression(variable, textOf(expression)), `${path}[${index}].expression`), message: textOf(message),
  }));
}

function compiled(compile: () => JsonExpression, path: string): JsonExpression {
  try {
    return compile();
  } catch (error) {
    throw new Error(`${path}: Invalid value: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function urlOf(value: unknown, path: string): string {
  const text = textOf(value);
  if (text === '') throw new Error(`${path}: Required value: URL is required`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw new Error(`${path}: Invalid value: ${JSON.stringify(text)}: URL scheme must be https`);
  if (url.username !== '' || url.password !== '') throw new Error(`${path}: Invalid value: URL must not contain a username or password`);
  if (url.search !== '' || url.hash !== '') throw new Error(`${path}: Invalid value: ${JSON.stringify(text)}: URL must not contain a query or a fragment`);
  return text;
}

function objectOf(value: unknown, path: string): Json {
  if (isJsonObject(value)) return value;
  throw new Error(`${path}: Required value`);
}

function listOf(value: unknown, path: string): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw new Error(`${path}: Invalid value: must be a list of objects`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
