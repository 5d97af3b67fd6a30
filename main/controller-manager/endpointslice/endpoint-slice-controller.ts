import { type Node, nodes, type Service } from '../../../kube/api/generated/core/v1.ts';
import { type EndpointSlice, endpointslices } from '../../../kube/api/generated/discovery/v1.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { isControlledBy } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, splitKey, targetOf } from '../object-key.ts';
import { isNamespaceTerminating, messageOf } from '../pod-control.ts';
import { CONTROLLER, MANAGED_BY, planSlices, SERVICE_NAME, type SlicePlan } from './plan-slices.ts';
import { addressTypesOf, groupEndpoints } from './service-endpoints.ts';
import { ServiceWatch } from './service-watch.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

/** Keeps the EndpointSlices of Services with a selector. Key: the Service. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpointslice-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #watch: ServiceWatch;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #triggerTimes = new TriggerTimes();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#watch = new ServiceWatch(context);
    this.#nodes = context.informers.informer(nodes);
    this.#slices = context.informers.informer(endpointslices, { indexers: { service: (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`] } });
    this.watches = [
      ...this.#watch.watches,
      { informer: this.#slices, keysFor: (slice: EndpointSlice) => (isOurs(slice) ? [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`] : []) } as ControllerWatch,
      { informer: this.#nodes, keysFor: () => [] },
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#watch.services.lister.get(key);
    // The garbage collector takes the slices of a deleted Service.
    if (service === undefined) return this.#triggerTimes.forget(key);
    const { selector, type } = service.spec ?? {};
    if (selector === undefined || Object.keys(selector).length === 0 || type === 'ExternalName') return;
    const pods = this.#watch.selectedPods(service);
    const existing = this.#slices.lister.byIndex('service', key).filter((slice) => isOurs(slice) && isControlledBy(slice, service));
    // A Service that a finalizer holds is followed still, but gets no new slices.
    const isGoing = service.metadata.deletionTimestamp !== undefined;
    const triggerTime = this.#triggerTimes.next(key, { service, pods });
    const types = addressTypesOf(service);
    for (const addressType of types) {
      const groups = groupEndpoints(service, { pods, addressType, node: (name) => this.#nodes.lister.get(name) });
      const plan = planSlices(service, { addressType, groups, existing: existing.filter((slice) => slice.addressType === addressType) });
      const told = (slice: EndpointSlice): EndpointSlice => withTriggerTime(slice, triggerTime);
      await this.#apply(service, { ...plan, create: isGoing ? [] : plan.create.map(told), update: plan.update.map(told) }, signal);
    }
    const obsolete = existing.filter(({ addressType }) => !types.includes(addressType as (typeof types)[number]));
    await this.#apply(service, { create: [], update: [], delete: obsolete }, signal);
  }

  async #apply(service: Service, plan: SlicePlan, signal: AbortSignal): Promise<void> {
    const { client, recorder } = this.#context;
    try {
      for (const slice of plan.update) await client.update(endpointslices, slice, { signal });
      for (const slice of plan.create) await client.create(endpointslices, slice, { signal });
      for (const slice of plan.delete) await client.delete(endpointslices, targetOf(slice), { preconditions: { uid: slice.metadata.uid }, signal });
    } catch (error) {
      if (isNamespaceTerminating(error) || isNotFound(error) || signal.aborted) return;
      const { namespace, name } = splitKey(keyOf(service));
      recorder.event({ object: service, type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message: `Error updating Endpoint Slices for Service ${namespace}/${name}: ${messageOf(error)}` });
      throw error;
    }
  }
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY] === CONTROLLER;
}
