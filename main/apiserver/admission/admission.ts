import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
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
  warn(text: string): void;
}

/**
 * One plugin, one file. A plugin sees an object before its validation: it may be malformed wherever validation would complain. Refuse by
 * throwing a StatusError. `mutate` returns the object to go on with (the given one when unchanged; it may be frozen) and may be called
 * again for the same request; `validate` sees the final object and changes nothing. Both wait freely, and stop at the signal.
 */
export interface AdmissionPlugin {
  readonly name: string;
  /** Cheap test, so that most requests pass a plugin by. */
  handles(attributes: AdmissionAttributes): boolean;
  mutate?(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<KubernetesObject> | KubernetesObject;
  validate?(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void> | void;
}

/** The plugins in order: every mutation, then, after the object's own validation, every check. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate<T extends KubernetesObject>(attributes: AdmissionAttributes<T> & { readonly object: T }, signal?: AbortSignal): Promise<T> {
    let current: AdmissionAttributes<T> & { readonly object: T } = attributes;
    for (const plugin of this.#plugins) {
      if (!plugin.mutate || !plugin.handles(current)) continue;
      const pending = plugin.mutate(current, signal);
      const object = (pending instanceof Promise ? await pending : pending) as T;
      if (object !== current.object) current = { ...current, object };
    }
    return current.object;
  }

  async validate(attributes: AdmissionAttributes, signal?: AbortSignal): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.validate || !plugin.handles(attributes)) continue;
      const pending = plugin.validate(attributes, signal);
      if (pending) await pending;
    }
  }
}
