import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { inRequestForm, type RequestForm } from './request-form.ts';
import type { User } from '../authentication/user.ts';

/** What is being done to which object (upstream: apiserver/pkg/admission Attributes). */
export interface AdmissionAttributes<T extends KubernetesObject = KubernetesObject> {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly namespace: string;
  /** Empty on a create that generates the name. */
  readonly name: string;
  /** Absent on DELETE and CONNECT without options. */
  readonly object?: T;
  readonly oldObject?: T;
  readonly options?: unknown;
  readonly user: User;
  readonly dryRun: boolean;
  /** Absent where the request speaks the stored version. */
  readonly form?: RequestForm;
  /** Set for dynamic plugins only. */
  readonly rounds?: MutationRounds;
  /** Brings what a webhook or a policy made of the object into the form of one that was sent: known fields only, with defaults. Throws GoDecodeError. */
  readonly normalize?: (object: KubernetesObject) => KubernetesObject;
  warn(text: string): void;
  /** Adds to the audit event of the request, where there is one; with a level, only when events of it keep as much. */
  annotate?(key: string, value: string, level?: 'Request'): void;
  /** Tells the audit event how long webhooks took; of mutating ones the sum counts, of validating ones the longest. */
  took?(layer: 'mutating-webhook' | 'validating-webhook', elapsedMs: number): void;
}

/**
 * Mutation goes around a second time when a dynamic plugin changed the object: whoever comes earlier may have to see that change
 * (upstream: admission/reinvocation.go). Then webhooks and policies are asked again only if they wish so and the object is not as they left it.
 */
export interface MutationRounds {
  readonly isSecond: boolean;
  /** By mutator: the object as it left it. */
  readonly outputs: Map<string, KubernetesObject>;
}

/**
 * One plugin, one file. A plugin sees an object before its validation: it may be malformed wherever validation would complain. Refuse by
 * throwing a StatusError. `mutate` returns the object to go on with (the given one when unchanged; it may be frozen) and may be called
 * again for the same request; `validate` sees the final object and changes nothing. Both wait freely, and stop at the signal.
 */
export interface AdmissionPlugin {
  readonly name: string;
  /** What it does is configured through the API: it sees objects in the version of the request; see {@link RequestForm} and {@link MutationRounds}. */
  readonly isDynamic?: boolean;
  /** Cheap test, so that most requests pass a plugin by. */
  handles(attributes: AdmissionAttributes): boolean;
  mutate?(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<KubernetesObject> | KubernetesObject;
  validate?(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void> | void;
  /** Has a say in a DELETE before those that only check, though there is nothing to change. */
  admitDeletion?(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void>;
}

/** Times a phase. */
export interface StepMetrics {
  step<T>(type: 'admit' | 'validate', attributes: AdmissionAttributes, run: () => Promise<T>): Promise<T>;
}

/** The plugins in order: every mutation, then, after the object's own validation, every check. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #metrics: StepMetrics | undefined;

  constructor(plugins: readonly AdmissionPlugin[], metrics?: StepMetrics) {
    this.#plugins = plugins;
    this.#metrics = metrics;
  }

  mutate<T extends KubernetesObject>(attributes: AdmissionAttributes<T> & { readonly object: T }, signal?: AbortSignal): Promise<T> {
    const run = (): Promise<T> => this.#mutate(attributes, signal);
    return this.#metrics ? this.#metrics.step('admit', attributes, run) : run();
  }

  async #mutate<T extends KubernetesObject>(attributes: AdmissionAttributes<T> & { readonly object: T }, signal: AbortSignal | undefined): Promise<T> {
    const outputs = new Map<string, KubernetesObject>();
    const first = await this.#mutateOnce(attributes, { isSecond: false, outputs }, signal);
    if (!first.needsSecondRound) return first.object;
    return (await this.#mutateOnce({ ...attributes, object: first.object }, { isSecond: true, outputs }, signal)).object;
  }

  async #mutateOnce<T extends KubernetesObject>(
    attributes: AdmissionAttributes<T> & { readonly object: T }, rounds: MutationRounds, signal: AbortSignal | undefined,
  ): Promise<{ readonly object: T; readonly needsSecondRound: boolean }> {
    let current = attributes;
    let needsSecondRound = false;
    for (const plugin of this.#plugins) {
      if (!plugin.mutate || !plugin.handles(current)) continue;
      const seen = plugin.isDynamic ? { ...inRequestForm(current), rounds } : current;
      const pending = plugin.mutate(seen, signal);
      const object = (pending instanceof Promise ? await pending : pending) as T;
      if (object === seen.object) continue;
      current = { ...current, object: plugin.isDynamic && current.form ? (current.form.take(object) as T) : object };
      if (plugin.isDynamic) needsSecondRound = true;
    }
    return { object: current.object, needsSecondRound };
  }

  /** Both phases of a DELETE. */
  async validateDeletion(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void> {
    const run = async (): Promise<void> => {
      for (const plugin of this.#plugins) await plugin.admitDeletion?.(inRequestForm(attributes), signal);
    };
    await (this.#metrics ? this.#metrics.step('admit', attributes, run) : run());
    await this.validate(attributes, signal);
  }

  validate(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void> {
    const run = (): Promise<void> => this.#validate(attributes, signal);
    return this.#metrics ? this.#metrics.step('validate', attributes, run) : run();
  }

  async #validate(attributes: AdmissionAttributes, signal: AbortSignal | undefined): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.validate || !plugin.handles(attributes)) continue;
      const pending = plugin.validate(plugin.isDynamic ? inRequestForm(attributes) : attributes, signal);
      if (pending) await pending;
    }
  }
}
