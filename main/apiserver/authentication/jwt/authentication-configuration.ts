import { X509Certificate } from 'node:crypto';
import { aggregateFieldErrors, fieldDuplicate, type FieldError, fieldInvalid, fieldRequired, fieldTooMany } from '../../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { parseDocument } from '../../negotiation/decode-body.ts';
import { checkFields, type KnownFields } from '../strict-fields.ts';
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
const MAPPING: KnownFields = { claim: 'any', prefix: 'any', expression: 'any' };
const FIELDS: KnownFields = {
  kind: 'any', apiVersion: 'any', anonymous: { enabled: 'any', conditions: { path: 'any' } },
  jwt: {
    issuer: { url: 'any', discoveryURL: 'any', certificateAuthority: 'any', audiences: 'any', audienceMatchPolicy: 'any', egressSelectorType: 'any' },
    claimValidationRules: { claim: 'any', requiredValue: 'any', expression: 'any', message: 'any' },
    claimMappings: { username: MAPPING, groups: MAPPING, uid: { claim: 'any', expression: 'any' }, extra: { key: 'any', valueExpression: 'any' } },
    userValidationRules: { expression: 'any', message: 'any' },
  },
};

/** Throws with all that is wrong, as upstream says it. Our own tokens have an issuer that no other may use. */
export function parseAuthenticationConfiguration(text: string, { disallowedIssuers }: { readonly disallowedIssuers: readonly string[] }): AuthenticationConfiguration {
  const { value } = parseDocument(Buffer.from(text), 'yaml');
  if (!isJsonObject(value) || value['kind'] !== 'AuthenticationConfiguration' || !VERSIONS.has(String(value['apiVersion']))) {
    throw new Error(`expected kind AuthenticationConfiguration of ${GROUP}/v1`);
  }
  checkFields(value, FIELDS);
  const errors: FieldError[] = [];
  const jwt = listOf(value['jwt']);
  if (jwt.length > MAX_ISSUERS) errors.push(fieldTooMany('jwt', jwt.length, MAX_ISSUERS));
  const issuers = jwt.slice(0, MAX_ISSUERS).map((item, index) => issuerOf(item, { path: `jwt[${index}]`, errors }));
  for (const [index, { url }] of issuers.entries()) {
    const at = `jwt[${index}].issuer.url`;
    if (disallowedIssuers.includes(url)) errors.push(fieldInvalid(at, url, `URL must not overlap with disallowed issuers: [${disallowedIssuers.join(' ')}]`));
    if (url !== '' && issuers.findIndex((other) => other.url === url) !== index) errors.push(fieldDuplicate(at, url));
  }
  const anonymous = isJsonObject(value['anonymous']) ? value['anonymous'] : undefined;
  const paths = listOf(anonymous?.['conditions']).map(({ path }) => String(path ?? ''));
  const enabled = anonymous?.['enabled'] === true;
  if (!enabled && paths.length > 0) errors.push(fieldInvalid('anonymous.conditions', paths.map((path) => ({ Path: path })), 'enabled should be set to true when conditions are defined'));
  if (errors.length > 0) throw new Error(aggregateFieldErrors(errors));
  return { issuers, ...(anonymous ? { anonymous: { enabled, paths } } : {}) };
}

interface Place {
  readonly path: string;
  /** Takes what is wrong there. */
  readonly errors: FieldError[];
}

function issuerOf(item: Json, { path, errors }: Place): JwtIssuer {
  const issuer = objectOf(item['issuer']);
  const at = (place: string): Place => ({ path: `${path}.${place}`, errors });
  const url = textOf(issuer['url']);
  if (url === '') errors.push(fieldRequired(`${path}.issuer.url`));
  else checkUrl(url, at('issuer.url'));
  const discoveryURL = textOf(issuer['discoveryURL']) || undefined;
  if (discoveryURL !== undefined && discoveryURL === url) errors.push(fieldInvalid(`${path}.issuer.discoveryURL`, url, 'discoveryURL must be different from URL'));
  if (discoveryURL !== undefined) checkUrl(discoveryURL, at('issuer.discoveryURL'));
  const certificateAuthority = textOf(issuer['certificateAuthority']) || undefined;
  const audiences = audiencesOf(issuer, at('issuer'));
  if (certificateAuthority !== undefined && !isCertificate(certificateAuthority)) errors.push(fieldInvalid(`${path}.issuer.certificateAuthority`, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates'));
  const rules = claimRulesOf(listOf(item['claimValidationRules']), at('claimValidationRules'));
  const mappings = objectOf(item['claimMappings']);
  const username = mappingOf(mappings['username'], { ...at('claimMappings.username'), hasPrefix: true });
  if (!username && errors.every(({ field }) => !field.startsWith(`${path}.claimMappings.username`))) errors.push(fieldRequired(`${path}.claimMappings.username`, 'claim or expression is required'));
  const groups = mappingOf(mappings['groups'], { ...at('claimMappings.groups'), hasPrefix: true });
  const uid = mappingOf(mappings['uid'], { ...at('claimMappings.uid'), hasPrefix: false });
  const extra = extraOf(listOf(mappings['extra']), at('claimMappings.extra'));
  checkEmail(username, [...extra.map(({ value }) => value), ...rules.claimRules.map(({ expression }) => expression)], at('claimMappings.username.expression'));
  const userRules = rulesOf(listOf(item['userValidationRules']), 'user', at('userValidationRules'));
  return { url, discoveryURL, certificateAuthority, audiences, username: username ?? { claim: '', prefix: '' }, groups, uid, extra, ...rules, userRules };
}

function checkUrl(text: string, { path, errors }: Place): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') errors.push(fieldInvalid(path, text, 'URL scheme must be https'));
  if (url?.username || url?.password) errors.push(fieldInvalid(path, text, 'URL must not contain a username or password'));
  if (url?.search) errors.push(fieldInvalid(path, text, 'URL must not contain a query'));
  if (url?.hash) errors.push(fieldInvalid(path, text, 'URL must not contain a fragment'));
}

function audiencesOf(issuer: Json, { path, errors }: Place): readonly string[] {
  const audiences = ([] as unknown[]).concat(issuer['audiences'] ?? []).map(String);
  if (audiences.length === 0) errors.push(fieldRequired(`${path}.audiences`, `at least one ${path}.audiences is required`));
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') errors.push(fieldRequired(`${path}.audiences[${index}]`));
    else if (audiences.indexOf(audience) !== index) errors.push(fieldDuplicate(`${path}.audiences[${index}]`, audience));
  }
  const policy = textOf(issuer['audienceMatchPolicy']);
  if (audiences.length > 1 && policy !== 'MatchAny') errors.push(fieldInvalid(`${path}.audienceMatchPolicy`, policy, 'audienceMatchPolicy must be MatchAny for multiple audiences'));
  return audiences;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function mappingOf(value: unknown, { path, errors, hasPrefix }: Place & { readonly hasPrefix: boolean }): ClaimMapping | undefined {
  const { claim, prefix, expression } = objectOf(value);
  if (expression && claim) {
    errors.push(fieldInvalid(path, '', "claim and expression can't both be set"));
    return undefined;
  }
  if (expression) {
    if (prefix) errors.push(fieldInvalid(`${path}.prefix`, prefix, 'may not be specified when expression is set'));
    const compiled = compiledOf('claims', textOf(expression), { path: `${path}.expression`, errors });
    return compiled && { expression: compiled };
  }
  if (!claim) return undefined;
  if (hasPrefix && typeof prefix !== 'string') errors.push(fieldRequired(`${path}.prefix`, 'prefix is required when claim is set. It can be set to an empty string to disable prefixing'));
  return { claim: textOf(claim), prefix: textOf(prefix) };
}

/** Whoever takes an address for a name has to look whether the issuer has verified it. */
function checkEmail(username: ClaimMapping | undefined, others: readonly JsonExpression[], { path, errors }: Place): void {
  if (!username || !('expression' in username)) return;
  const { expression } = username;
  const isVerified = [expression, ...others].some(({ source }) => /\bclaims\s*\.\s*\??\s*email_verified\b/.test(source));
  if (isVerified || !/\bclaims\s*\.\s*\??\s*email\b/.test(expression.source)) return;
  errors.push(fieldInvalid(path, expression.source, 'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression'));
}

function extraOf(items: readonly Json[], { path, errors }: Place): JwtIssuer['extra'] {
  const seen = new Set<string>();
  return items.flatMap(({ key, valueExpression }, index) => {
    const [name, at] = [textOf(key), `${path}[${index}].key`];
    if (name === '') errors.push(fieldRequired(at));
    else {
      if (!/^[^/]+\/[^/]/.test(name)) errors.push(fieldInvalid(at, name, 'must be a domain-prefixed path (such as "acme.io/foo")'));
      if (name !== name.toLowerCase()) errors.push(fieldInvalid(at, name, 'must be lowercase'));
      if (/^([^/]*\.)?(kubernetes|k8s)\.io\//.test(name)) errors.push(fieldInvalid(at, name, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'));
      if (seen.has(name)) errors.push(fieldDuplicate(at, name));
      seen.add(name);
    }
    const value = compiledOf('claims', textOf(valueExpression), { path: `${path}[${index}].valueExpression`, errors });
    return value ? [{ key: name, value }] : [];
  });
}

function claimRulesOf(items: readonly Json[], { path, errors }: Place): Pick<JwtIssuer, 'requiredClaims' | 'claimRules'> {
  const requiredClaims: { readonly claim: string; readonly value: string }[] = [];
  for (const [index, { claim, expression, requiredValue, message }] of items.entries()) {
    const at = `${path}[${index}]`;
    if (claim && expression) errors.push(fieldInvalid(at, claim, "claim and expression can't both be set"));
    else if (!claim && !expression) errors.push(fieldRequired(at, 'claim or expression is required'));
    else if (claim) {
      if (message) errors.push(fieldInvalid(`${at}.message`, message, 'may not be specified when claim is set'));
      if (requiredClaims.some((other) => other.claim === claim)) errors.push(fieldDuplicate(`${at}.claim`, claim));
      requiredClaims.push({ claim: textOf(claim), value: textOf(requiredValue) });
    } else if (requiredValue) errors.push(fieldInvalid(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set'));
  }
  return { requiredClaims, claimRules: rulesOf(items.map((item) => (item['claim'] || !item['expression'] ? undefined : item)), 'claims', { path, errors }) };
}

/** Undefined: not one of expressions, and told of elsewhere. */
function rulesOf(rules: readonly (Json | undefined)[], variable: 'claims' | 'user', { path, errors }: Place): readonly ValidationRule[] {
  const seen = new Set<string>();
  return rules.flatMap((rule, index) => {
    if (!rule) return [];
    const [source, at] = [textOf(rule['expression']), `${path}[${index}].expression`];
    if (source !== '' && seen.has(source)) {
      errors.push(fieldDuplicate(at, source));
      return [];
    }
    seen.add(source);
    const expression = compiledOf(variable, source, { path: at, errors });
    if (!expression) return [];
    if (!expression.isBool) errors.push(fieldInvalid(at, source, 'must evaluate to bool'));
    return [{ expression, message: textOf(rule['message']) }];
  });
}

function compiledOf(variable: 'claims' | 'user', source: string, { path, errors }: Place): JsonExpression | undefined {
  try {
    if (source.trim() !== '') return compileJsonExpression(variable, source);
    errors.push(fieldRequired(path));
  } catch (error) {
    errors.push(fieldInvalid(path, source, `compilation failed: ${error instanceof Error ? error.message : String(error)}`));
  }
  return undefined;
}

function objectOf(value: unknown): Json {
  return isJsonObject(value) ? value : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
