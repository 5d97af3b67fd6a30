import { type Endpoints, endpoints } from '../../../kube/api/generated/core/v1.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, splitKey } from '../object-key.ts';
import { isNamespaceTerminating, messageOf } from '../pod-control.ts';
import { semanticEqual } from '../semantic-equal.ts';
import { OVER_CAPACITY, buildEndpoints } from './plan-endpoints.ts';
import { ServiceWatch } from './service-watch.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

/** Keeps the legacy Endpoints of Services with a selector. Key: the Service. */
export class EndpointsController implements Controller {
  readonly name = 'endpoints-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #watch: ServiceWatch;
  readonly #endpoints: Informer<Endpoints>;
  readonly #triggerTimes = new TriggerTimes();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#watch = new ServiceWatch(context);
    this.#endpoints = context.informers.informer(endpoints);
    this.watches = [...this.#watch.watches, { informer: this.#endpoints, keysFor: (object: Endpoints) => [keyOf(object)] } as ControllerWatch];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const service = this.#watch.services.lister.get(key);
    const current = this.#endpoints.lister.get(key);
    if (service === undefined) {
      this.#triggerTimes.forget(key);
      const ours = current?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller';
      if (ours) await client.delete(endpoints, splitKey(key), { preconditions: { uid: current?.metadata.uid }, signal }).catch(ignoreNotFound);
      return;
    }
    const { selector, type } = service.spec ?? {};
    if (selector === undefined || Object.keys(selector).length === 0 || type === 'ExternalName') return;
    const pods = this.#watch.selectedPods(service);
    const wanted = buildEndpoints(service, pods);
    const triggerTime = this.#triggerTimes.next(key, { service, pods });
    const next = current === undefined ? wanted : updated(current, wanted);
    if (next === undefined) return;
    try {
      if (current === undefined) await client.create(endpoints, withTriggerTime(next, triggerTime), { signal });
      else await client.update(endpoints, withTriggerTime(next, triggerTime), { signal });
    } catch (error) {
      if (isAlreadyExists(error) || isNamespaceTerminating(error)) return;
      if (!signal.aborted) this.#tellFailure(next, { isNew: current === undefined, error });
      throw error;
    }
  }

  #tellFailure(object: Endpoints, { isNew, error }: { readonly isNew: boolean; readonly error: unknown }): void {
    const { namespace, name } = object.metadata;
    const what = isNew ? `Failed to create endpoint for service ${namespace}/${name}` : `Failed to update endpoint ${namespace}/${name}`;
    this.#context.recorder.event({ object, type: 'Warning', reason: isNew ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint', message: `${what}: ${messageOf(error)}` });
  }
}

/** Undefined when the object is as it should be already. Annotations of others stay. */
function updated(current: Endpoints, { metadata: { labels, annotations: wanted = {} }, subsets }: Endpoints): Endpoints | undefined {
  const { [OVER_CAPACITY]: capacity, ...others } = current.metadata.annotations ?? {};
  if (capacity === wanted[OVER_CAPACITY] && semanticEqual(current.subsets, subsets) && semanticEqual(current.metadata.labels, labels)) return undefined;
  return { ...current, metadata: { ...current.metadata, labels, annotations: { ...others, ...wanted } }, subsets };
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
