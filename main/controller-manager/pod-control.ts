import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import { isNotFound, StatusError } from '../../kube/apimachinery/status.ts';
import { type Pod, pods, type PodTemplateSpec } from '../../kube/api/generated/core/v1.ts';
import { newControllerRef } from './controller-ref.ts';
import type { ControllerContext } from './controller-context.ts';
import { targetOf } from './object-key.ts';

/** A pod as its controller's template describes it, not yet named. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [newControllerRef(owner)],
    },
    spec: { ...template.spec } as Pod['spec'],
  };
}

/** Creates and deletes pods on behalf of an owner, with the events that `kubectl describe` of the owner shows. */
export class PodControl {
  readonly #context: Pick<ControllerContext, 'client' | 'recorder'>;

  constructor(context: Pick<ControllerContext, 'client' | 'recorder'>) {
    this.#context = context;
  }

  async create(pod: Pod, owner: KubernetesObject, signal: AbortSignal): Promise<Pod> {
    try {
      const created = await this.#context.client.create(pods, pod, { signal });
      this.#context.recorder.event({ object: owner, type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${created.metadata.name}` });
      return created;
    } catch (error) {
      if (!isNamespaceTerminating(error) && !signal.aborted) {
        this.#context.recorder.event({ object: owner, type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${messageOf(error)}` });
      }
      throw error;
    }
  }

  async delete(pod: Pod, owner: KubernetesObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.client.delete(pods, targetOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
      this.#context.recorder.event({ object: owner, type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` });
    } catch (error) {
      if (!isNotFound(error) && !signal.aborted) {
        this.#context.recorder.event({ object: owner, type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${messageOf(error)}` });
      }
      throw error;
    }
  }
}

/** Creating in a namespace that goes away fails for good; controllers give up silently. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
