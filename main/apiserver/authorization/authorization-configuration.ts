import { parseDuration } from '../../../kube/apimachinery/duration.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isDns1123Subdomain } from '../../../kube/apimachinery/name-validation.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import { compileJsonExpression, type JsonExpression } from '../authentication/jwt/claim-expressions.ts';
import { webhookEndpoint, type WebhookEndpoint } from '../authentication/webhook-endpoint.ts';

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
  /** Over `request`, the spec of the review; it is asked only when all are true. */
  readonly matchConditions: readonly JsonExpression[];
}

const GROUP = 'apiserver.config.k8s.io';
const VERSIONS = new Set([`${GROUP}/v1`, `${GROUP}/v1beta1`]);
const TYPES = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];
const MAX_TIMEOUT_MS = 30_000;
type Json = Record<string, unknown>;

/** Throws with the path of what is wrong. `readFile` gives the text of a kubeconfig, with inline certificates. */
export function parseAuthorizationConfiguration(text: string, { readFile }: { readonly readFile: (path: string) => string }): readonly AuthorizerConfiguration[] {
  const { value } = parseDocument(Buffer.from(text), 'yaml');
  if (!isJsonObject(value) || value['kind'] !== 'AuthorizationConfiguration' || !VERSIONS.has(String(value['apiVersion']))) throw new Error(`expected kind AuthorizationConfiguration of ${GROUP}/v1`);
  const items: unknown = value['authorizers'];
  if (!Array.isArray(items) || items.length === 0) throw new Error('authorizers: Required value: at least one authorization mode must be defined');
  const authorizers = items.map((item: unknown, index) => authorizerOf(isJsonObject(item) ? item : {}, { path: `authorizers[${index}]`, readFile }));
  for (const [index, { type, name }] of authorizers.entries()) {
    const earlier = authorizers.slice(0, index);
    if (type !== 'Webhook' && earlier.some((other) => other.type === type)) throw new Error(`authorizers[${index}].type: Duplicate value: ${JSON.stringify(type)}`);
    if (earlier.some((other) => other.name === name)) throw new Error(`authorizers[${index}].name: Duplicate value: ${JSON.stringify(name)}`);
  }
  return authorizers;
}

interface Place {
  readonly path: string;
  readonly readFile: (path: string) => string;
}

function authorizerOf({ type, name, webhook }: Json, { path, readFile }: Place): AuthorizerConfiguration {
  if (typeof type !== 'string' || type === '') throw new Error(`${path}.type: Required value`);
  if (!TYPES.includes(type)) throw new Error(`${path}.type: Unsupported value: ${JSON.stringify(type)}: supported values: ${TYPES.map((one) => JSON.stringify(one)).join(', ')}`);
  if (typeof name !== 'string' || name === '') throw new Error(`${path}.name: Required value`);
  const wrong = isDns1123Subdomain(name);
  if (wrong.length > 0) throw new Error(`${path}.name: Invalid value: ${JSON.stringify(name)}: authorizer name is invalid: ${wrong.join(', ')}`);
  if (type === 'Webhook') {
    if (!isJsonObject(webhook)) throw new Error(`${path}.webhook: Required value: required when type=Webhook`);
    return { type, name, webhook: webhookOf(webhook, { path: `${path}.webhook`, readFile }) };
  }
  if (webhook !== undefined && webhook !== null) throw new Error(`${path}.webhook: Invalid value: "non-null": may only be specified when type=Webhook`);
  return { type: type as 'Node', name };
}

function webhookOf(webhook: Json, { path, readFile }: Place): WebhookConfiguration {
  const { failurePolicy, subjectAccessReviewVersion: version, matchConditionSubjectAccessReviewVersion: conditionVersion } = webhook;
  const timeoutMs = durationOf(webhook['timeout'], { path: `${path}.timeout`, mostMs: MAX_TIMEOUT_MS });
  const authorizedTtlMs = durationOf(webhook['authorizedTTL'] ?? '5m', { path: `${path}.authorizedTTL` });
  const unauthorizedTtlMs = durationOf(webhook['unauthorizedTTL'] ?? '30s', { path: `${path}.unauthorizedTTL` });
  const conditions: unknown = webhook['matchConditions'] ?? [];
  if (!Array.isArray(conditions)) throw new Error(`${path}.matchConditions: Invalid value: must be a list`);
  oneOf(version, { path: `${path}.subjectAccessReviewVersion`, of: ['v1', 'v1beta1'] });
  if (conditions.length > 0) oneOf(conditionVersion, { path: `${path}.matchConditionSubjectAccessReviewVersion`, of: ['v1'] });
  oneOf(failurePolicy, { path: `${path}.failurePolicy`, of: ['NoOpinion', 'Deny'] });
  return {
    endpoint: endpointOf(isJsonObject(webhook['connectionInfo']) ? webhook['connectionInfo'] : {}, { path: `${path}.connectionInfo`, readFile }),
    timeoutMs, failurePolicy: failurePolicy as 'NoOpinion', version: version as 'v1',
    authorizedTtlMs: webhook['cacheAuthorizedRequests'] === false ? undefined : authorizedTtlMs,
    unauthorizedTtlMs: webhook['cacheUnauthorizedRequests'] === false ? undefined : unauthorizedTtlMs,
    matchConditions: conditions.map((condition: unknown, index) => conditionOf(condition, `${path}.matchConditions[${index}].expression`)),
  };
}

function endpointOf({ type, kubeConfigFile }: Json, { path, readFile }: Place): WebhookEndpoint {
  // Upstream's other type, InClusterConfigFile, is for servers that run as pods.
  oneOf(type, { path: `${path}.type`, of: ['KubeConfigFile'] });
  if (typeof kubeConfigFile !== 'string' || kubeConfigFile === '') throw new Error(`${path}.kubeConfigFile: Required value`);
  try {
    return webhookEndpoint(readFile(kubeConfigFile));
  } catch (error) {
    throw new Error(`${path}.kubeConfigFile: Invalid value: ${JSON.stringify(kubeConfigFile)}: error loading file: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function conditionOf(condition: unknown, path: string): JsonExpression {
  const expression = isJsonObject(condition) ? condition['expression'] : undefined;
  if (typeof expression !== 'string' || expression === '') throw new Error(`${path}: Required value`);
  try {
    return compileJsonExpression('request', expression);
  } catch (error) {
    throw new Error(`${path}: Invalid value: ${JSON.stringify(expression)}: compilation failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function durationOf(value: unknown, { path, mostMs = Infinity }: { readonly path: string; readonly mostMs?: number }): number {
  if (value === undefined || value === '') throw new Error(`${path}: Required value`);
  const milliseconds = parseDuration(String(value));
  if (!(milliseconds > 0 && milliseconds <= mostMs)) throw new Error(`${path}: Invalid value: ${JSON.stringify(value)}: must be > 0s${mostMs === Infinity ? '' : ` and <= ${mostMs / 1000}s`}`);
  return milliseconds;
}

function oneOf(value: unknown, { path, of }: { readonly path: string; readonly of: readonly string[] }): void {
  if (value === undefined || value === '') throw new Error(`${path}: Required value`);
  if (typeof value !== 'string' || !of.includes(value)) throw new Error(`${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${of.map((one) => JSON.stringify(one)).join(', ')}`);
}
