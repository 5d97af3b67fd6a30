import { isAbsolute } from 'node:path';
import { formatDuration, parseDuration } from '../../../kube/apimachinery/duration.ts';
import { aggregateFieldErrors, fieldDuplicate, type FieldError, fieldInvalid, fieldNotSupported, fieldRequired } from '../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isDns1123Subdomain } from '../../../kube/apimachinery/name-validation.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import { checkFields, type KnownFields } from '../authentication/strict-fields.ts';
import { webhookEndpoint, type WebhookEndpoint } from '../authentication/webhook-endpoint.ts';
import { compileMatchConditions, type MatchConditions } from './match-conditions.ts';

/** kube-apiserver's --authorization-config: `AuthorizationConfiguration` of apiserver.config.k8s.io (KEP-3221), in the order in which they are asked. */
export type AuthorizerConfiguration =
  | { readonly type: 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny'; readonly name: string }
  | { readonly type: 'Webhook'; readonly name: string; readonly webhook: WebhookConfiguration };

export interface WebhookConfiguration {
  readonly endpoint: WebhookEndpoint;
  readonly timeoutMs: number;
  /** How long an answer is believed; absent: it is not kept. */
  readonly authorizedTtlMs: number | undefined;
  readonly unauthorizedTtlMs: number | undefined;
  /** What it is taken for when the webhook does not answer. */
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  readonly version: 'v1' | 'v1beta1';
  /** It is asked only when all are true. */
  readonly matchConditions: MatchConditions;
}

const GROUP = 'apiserver.config.k8s.io';
const VERSIONS = new Set([`${GROUP}/v1`, `${GROUP}/v1beta1`]);
/** Upstream's but ABAC. */
const TYPES = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];
const MAX_TIMEOUT_MS = 30_000;
type Json = Record<string, unknown>;
const FIELDS: KnownFields = {
  kind: 'any', apiVersion: 'any',
  authorizers: {
    type: 'any', name: 'any',
    webhook: {
      authorizedTTL: 'any', cacheAuthorizedRequests: 'any', unauthorizedTTL: 'any', cacheUnauthorizedRequests: 'any', timeout: 'any', subjectAccessReviewVersion: 'any',
      matchConditionSubjectAccessReviewVersion: 'any', failurePolicy: 'any', connectionInfo: { type: 'any', kubeConfigFile: 'any' }, matchConditions: { expression: 'any' },
    },
  },
};

/** Throws with all that is wrong, as upstream says it. `readFile` gives the text of a kubeconfig, with inline certificates. */
export function parseAuthorizationConfiguration(text: string, { readFile }: { readonly readFile: (path: string) => string }): readonly AuthorizerConfiguration[] {
  const { value } = parseDocument(Buffer.from(text), 'yaml');
  if (!isJsonObject(value) || value['kind'] !== 'AuthorizationConfiguration' || !VERSIONS.has(String(value['apiVersion']))) throw new Error(`expected kind AuthorizationConfiguration of ${GROUP}/v1`);
  checkFields(value, FIELDS);
  const items: readonly unknown[] = Array.isArray(value['authorizers']) ? value['authorizers'] : [];
  const reader = new ConfigurationReader(readFile);
  if (items.length === 0) reader.errors.push(fieldRequired('authorizers', 'at least one authorization mode must be defined'));
  const authorizers = items.flatMap((item, index) => reader.authorizer(isJsonObject(item) ? item : {}, `authorizers[${index}]`) ?? []);
  if (reader.errors.length > 0) throw new Error(aggregateFieldErrors(reader.errors));
  return authorizers;
}

/** Notes what is wrong and reads on. The paths of a webhook's members lack `.webhook`, as upstream's do. */
class ConfigurationReader {
  readonly errors: FieldError[] = [];
  readonly #types = new Set<string>();
  readonly #names = new Set<string>();
  readonly #readFile: (path: string) => string;

  constructor(readFile: (path: string) => string) {
    this.#readFile = readFile;
  }

  authorizer({ type, name = '', webhook }: Json, path: string): AuthorizerConfiguration | undefined {
    if (!this.#oneOf(type, { path: `${path}.type`, of: TYPES })) return undefined;
    if (type !== 'Webhook' && this.#types.has(type)) {
      this.errors.push(fieldDuplicate(`${path}.type`, type));
      return undefined;
    }
    this.#types.add(type);
    this.#name(String(name), `${path}.name`);
    const isThere = webhook !== undefined && webhook !== null;
    if (type === 'Webhook') {
      if (isThere) return { type, name: String(name), webhook: this.#webhook(isJsonObject(webhook) ? webhook : {}, path) };
      this.errors.push(fieldRequired(`${path}.webhook`, 'required when type=Webhook'));
      return undefined;
    }
    if (isThere) this.errors.push(fieldInvalid(`${path}.webhook`, 'non-null', 'may only be specified when type=Webhook'));
    return { type: type as 'Node', name: String(name) };
  }

  #name(name: string, path: string): void {
    const wrong = name === '' ? [] : isDns1123Subdomain(name);
    if (name === '') this.errors.push(fieldRequired(path));
    else if (this.#names.has(name)) this.errors.push(fieldDuplicate(path, name));
    else if (wrong.length > 0) this.errors.push(fieldInvalid(path, name, `authorizer name is invalid: ${wrong.join(', ')}`));
    this.#names.add(name);
  }

  #webhook(webhook: Json, path: string): WebhookConfiguration {
    const timeoutMs = this.#duration(webhook['timeout'], { path: `${path}.timeout`, mostMs: MAX_TIMEOUT_MS });
    const authorizedTtlMs = this.#duration(webhook['authorizedTTL'], { path: `${path}.authorizedTTL`, otherwiseMs: 300_000 });
    const unauthorizedTtlMs = this.#duration(webhook['unauthorizedTTL'], { path: `${path}.unauthorizedTTL`, otherwiseMs: 30_000 });
    const { failurePolicy, subjectAccessReviewVersion: version, matchConditionSubjectAccessReviewVersion: conditionVersion = '' } = webhook;
    const written: readonly unknown[] = Array.isArray(webhook['matchConditions']) ? webhook['matchConditions'] : [];
    this.#oneOf(version, { path: `${path}.subjectAccessReviewVersion`, of: ['v1', 'v1beta1'] });
    if (conditionVersion !== '' || written.length > 0) this.#oneOf(conditionVersion, { path: `${path}.matchConditionSubjectAccessReviewVersion`, of: ['v1'], why: 'required if match conditions are specified' });
    this.#oneOf(failurePolicy, { path: `${path}.failurePolicy`, of: ['NoOpinion', 'Deny'] });
    const endpoint = this.#endpoint(isJsonObject(webhook['connectionInfo']) ? webhook['connectionInfo'] : {}, `${path}.connectionInfo`);
    const { conditions: matchConditions, errors } = compileMatchConditions(written, `${path}.matchConditions`);
    this.errors.push(...errors);
    return {
      endpoint, timeoutMs, failurePolicy: failurePolicy as 'NoOpinion', version: version as 'v1', matchConditions,
      authorizedTtlMs: webhook['cacheAuthorizedRequests'] === false ? undefined : authorizedTtlMs,
      unauthorizedTtlMs: webhook['cacheUnauthorizedRequests'] === false ? undefined : unauthorizedTtlMs,
    };
  }

  #endpoint({ type, kubeConfigFile = '' }: Json, path: string): WebhookEndpoint {
    // Upstream's other type, InClusterConfig, is for servers that run as pods.
    const at = `${path}.kubeConfigFile`;
    const file = String(kubeConfigFile);
    if (!this.#oneOf(type, { path: `${path}.type`, of: ['KubeConfigFile'] })) return { url: '' };
    if (file === '') this.errors.push(fieldRequired(at));
    else if (!isAbsolute(file)) this.errors.push(fieldInvalid(at, file, 'must be an absolute path'));
    else {
      try {
        return webhookEndpoint(this.#readFile(file));
      } catch (error) {
        this.errors.push(fieldInvalid(at, file, `error loading file: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    return { url: '' };
  }

  /** Zero is as good as absent. */
  #duration(value: unknown, { path, mostMs = Infinity, otherwiseMs }: { readonly path: string; readonly mostMs?: number; readonly otherwiseMs?: number }): number {
    const given = value === undefined || value === null || value === '' ? 0 : parseDuration(String(value));
    const milliseconds = given === 0 ? (otherwiseMs ?? 0) : given;
    if (milliseconds === 0) this.errors.push(fieldRequired(path));
    else if (milliseconds < 0 || milliseconds > mostMs) this.errors.push(fieldInvalid(path, formatDuration(milliseconds), `must be > 0s${mostMs === Infinity ? '' : ` and <= ${formatDuration(mostMs)}`}`));
    return milliseconds;
  }

  #oneOf(value: unknown, { path, of, why }: { readonly path: string; readonly of: readonly string[]; readonly why?: string }): value is string {
    if (value === undefined || value === null || value === '') this.errors.push(fieldRequired(path, why));
    else if (typeof value !== 'string' || !of.includes(value)) this.errors.push(fieldNotSupported(path, value, of));
    else return true;
    return false;
  }
}
