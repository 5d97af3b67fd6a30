import type {
  MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration,
} from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { goJson } from '../../../../kube/apimachinery/go-format.ts';
import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { applyJsonPatch } from '../../../../kube/apimachinery/json-patch.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { parseApiVersion } from '../../../../kube/apimachinery/gvr.ts';
import { failureStatus, StatusError } from '../../../../kube/apimachinery/status.ts';
import { newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import type { AdmissionAttributes, AdmissionPlugin, MutationRounds } from '../admission.ts';
import { ConfigurationList } from './configuration-list.ts';
import { isExempt } from './matching.ts';
import { MUTATION, callWebhook, compileWebhook, isConcerned, type CompiledWebhook, type WebhookOptions } from './webhook-call.ts';

export interface MutatingWebhooks extends AdmissionPlugin {
  readonly configurations: ConfigurationList<MutatingWebhookConfiguration, readonly CompiledWebhook<MutatingWebhook>[]>;
}

export interface ValidatingWebhooks extends AdmissionPlugin {
  readonly configurations: ConfigurationList<ValidatingWebhookConfiguration, readonly CompiledWebhook<ValidatingWebhook>[]>;
}

type MutationAttributes = AdmissionAttributes & { readonly object: KubernetesObject };

/** One after the other, each seeing what the last one left (upstream: apiserver/pkg/admission/plugin/webhook/mutating). */
export function mutatingWebhooks(options: WebhookOptions): MutatingWebhooks {
  const configurations = new ConfigurationList(({ metadata, webhooks = [] }: MutatingWebhookConfiguration) => webhooks.map((webhook) => compileWebhook(metadata.name, webhook)));
  return {
    name: 'MutatingAdmissionWebhook',
    isDynamic: true,
    configurations,
    handles: (attributes) => !configurations.isEmpty && attributes.object !== undefined && !isExempt(attributes),
    async mutate(attributes, signal) {
      let current = attributes as MutationAttributes;
      for (const [index, compiled] of configurations.items.flat().entries()) {
        if (!isWanted(compiled, current.rounds, current.object) || !(await isConcerned(options, compiled, current))) continue;
        const object = await mutatedBy(options, { compiled, attributes: current, place: `round_${current.rounds?.isSecond ? 1 : 0}_index_${index}` }, signal);
        if (object !== current.object) current = { ...current, object };
        current.rounds?.outputs.set(compiled.key, current.object);
      }
      return current.object;
    },
    async admitDeletion(attributes, signal) {
      if (configurations.isEmpty || isExempt(attributes)) return;
      for (const [index, compiled] of configurations.items.flat().entries()) {
        if (await isConcerned(options, compiled, attributes)) await deletionAdmittedBy(options, { compiled, attributes, place: `round_0_index_${index}` }, signal);
      }
    },
  };
}

/** A webhook may refuse that an object goes, and cannot change it any more. */
async function deletionAdmittedBy(
  options: WebhookOptions,
  { compiled: { configuration, webhook }, attributes, place }: { readonly compiled: CompiledWebhook<MutatingWebhook>; readonly attributes: AdmissionAttributes; readonly place: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const { operations = [] } = (await callWebhook(options, { webhook, attributes, isMutating: true, place }, signal)) ?? {};
    if (operations.length > 0) throw newInternalError(`admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`);
  } finally {
    attributes.annotate?.(`${MUTATION}${place}`, goJson({ configuration, webhook: webhook.name, mutated: false }));
  }
}

/** The object as the webhook leaves it; told to the audit log, whatever comes of the call. */
async function mutatedBy(
  options: WebhookOptions,
  { compiled: { configuration, webhook }, attributes, place }: { readonly compiled: CompiledWebhook<MutatingWebhook>; readonly attributes: MutationAttributes; readonly place: string },
  signal: AbortSignal | undefined,
): Promise<KubernetesObject> {
  const who = { configuration, webhook: webhook.name };
  let { object } = attributes;
  try {
    const { operations = [] } = (await callWebhook(options, { webhook, attributes, isMutating: true, place }, signal)) ?? {};
    if (operations.length === 0) return object;
    object = patched(attributes, operations);
    attributes.annotate?.(`patch.webhook.admission.k8s.io/${place}`, goJson({ ...who, patch: operations, patchType: 'JSONPatch' }), 'Request');
    return object;
  } finally {
    attributes.annotate?.(`${MUTATION}${place}`, goJson({ ...who, mutated: object !== attributes.object }));
  }
}

function isWanted({ webhook, key }: CompiledWebhook<MutatingWebhook>, rounds: MutationRounds | undefined, object: KubernetesObject): boolean {
  if (!rounds?.isSecond) return true;
  return webhook.reinvocationPolicy === 'IfNeeded' && !deepEqual(rounds.outputs.get(key), object);
}

function patched({ object, normalize = (same) => same }: MutationAttributes, operations: readonly unknown[]): KubernetesObject {
  try {
    const result = applyJsonPatch(object, operations);
    if (!isJsonObject(result) || !isJsonObject(result['metadata'])) throw new Error('the patched object has no metadata');
    if (deepEqual(result, object)) return object;
    checkKind(object, result);
    const normal = normalize(result as unknown as KubernetesObject);
    return deepEqual(normal, object) ? object : normal;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw newInternalError(error);
  }
}

/** A webhook cannot make another kind of what it is shown. */
function checkKind(before: KubernetesObject, after: Readonly<Record<string, unknown>>): void {
  if (after['kind'] === before.kind && after['apiVersion'] === before.apiVersion) return;
  const { group } = parseApiVersion(before.apiVersion);
  const message = `converting (${parseApiVersion(String(after['apiVersion'])).version}.${String(after['kind'])}) to (${group.split('.')[0] || 'core'}.${before.kind}): unknown conversion`;
  throw new StatusError(failureStatus({ code: 500, reason: '', message }));
}

/** All at once; the first refusal in order of the configuration is told. */
export function validatingWebhooks(options: WebhookOptions): ValidatingWebhooks {
  const configurations = new ConfigurationList(({ metadata, webhooks = [] }: ValidatingWebhookConfiguration) => webhooks.map((webhook) => compileWebhook(metadata.name, webhook)));
  return {
    name: 'ValidatingAdmissionWebhook',
    isDynamic: true,
    configurations,
    handles: (attributes) => !configurations.isEmpty && !isExempt(attributes),
    async validate(attributes, signal) {
      const all = configurations.items.flat();
      const isAsked = await Promise.all(all.map((compiled) => isConcerned(options, compiled, attributes)));
      const calls = all
        .filter((_, index) => isAsked[index])
        .map(({ webhook }, index) => callWebhook(options, { webhook, attributes, isMutating: false, place: `round_0_index_${index}` }, signal));
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === 'rejected') throw result.reason;
      }
    },
  };
}
