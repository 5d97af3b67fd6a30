import type {
  MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration,
} from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { applyJsonPatch } from '../../../../kube/apimachinery/json-patch.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import type { AdmissionAttributes, AdmissionPlugin, MutationRounds } from '../admission.ts';
import { ConfigurationList } from './configuration-list.ts';
import { isExempt } from './matching.ts';
import { callWebhook, compileWebhook, isConcerned, type CompiledWebhook, type WebhookOptions } from './webhook-call.ts';

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
      for (const compiled of configurations.items.flat()) {
        if (!isWanted(compiled, current.rounds, current.object) || !(await isConcerned(options, compiled, current))) continue;
        const answer = await callWebhook(options, { webhook: compiled.webhook, attributes: current, isMutating: true }, signal);
        if (answer && answer.operations.length > 0) current = { ...current, object: patched(current, answer.operations) };
        current.rounds?.outputs.set(compiled.key, current.object);
      }
      return current.object;
    },
  };
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
    const normal = normalize(result as unknown as KubernetesObject);
    return deepEqual(normal, object) ? object : normal;
  } catch (error) {
    throw newInternalError(error);
  }
}

/** All at once; the first refusal in order of the configuration is told. */
export function validatingWebhooks(options: WebhookOptions): ValidatingWebhooks {
  const configurations = new ConfigurationList(({ metadata, webhooks = [] }: ValidatingWebhookConfiguration) => webhooks.map((webhook) => compileWebhook(metadata.name, webhook)));
  return {
    name: 'ValidatingAdmissionWebhook',
    configurations,
    handles: (attributes) => !configurations.isEmpty && !isExempt(attributes),
    async validate(attributes, signal) {
      const calls = configurations.items.flat().map(async (compiled) => {
        if (await isConcerned(options, compiled, attributes)) await callWebhook(options, { webhook: compiled.webhook, attributes, isMutating: false }, signal);
      });
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === 'rejected') throw result.reason;
      }
    },
  };
}
