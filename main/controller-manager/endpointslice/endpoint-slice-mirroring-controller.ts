import { type Endpoints, endpoints, type Service, services } from '../../../kube/api/generated/core/v1.ts';
import { type EndpointSlice, endpointslices } from '../../../kube/api/generated/discovery/v1.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { MAX_MIRRORED, MIRRORING_CONTROLLER, planMirroredSlices } from './plan-mirrored-slices.ts';
import { MANAGED_BY, SERVICE_NAME, type SlicePlan } from './plan-slices.ts';

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';

/** Gives Services without a selector slices of the Endpoints that somebody made for them. Key: the Endpoints, named as the Service. */
export class EndpointSliceMirroringController implements Controller {
  readonly name = 'endpointslice-mirroring-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #endpoints: Informer<Endpoints>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#endpoints = context.informers.informer(endpoints);
    this.#services = context.informers.informer(services);
    this.#slices = context.informers.informer(endpointslices, { indexers: { service: (slice) => [serviceKeyOf(slice)] } });
    this.watches = [
      { informer: this.#endpoints, keysFor: (object: Endpoints) => [keyOf(object)] },
      { informer: this.#services, keysFor: (service: Service) => [keyOf(service)] },
      { informer: this.#slices, keysFor: (slice: EndpointSlice) => (isMirrored(slice) ? [serviceKeyOf(slice)] : []) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const source = this.#endpoints.lister.get(key);
    const service = this.#services.lister.get(key);
    const existing = this.#slices.lister.byIndex('service', key).filter(isMirrored);
    if (source === undefined || source.metadata.deletionTimestamp !== undefined || !isToMirror(source) || service === undefined || service.spec?.selector !== undefined) {
      return this.#apply({ create: [], update: [], delete: existing }, signal);
    }
    const plan = planMirroredSlices(source, existing);
    if (plan.skipped > 0) {
      const message = `A max of ${MAX_MIRRORED} addresses can be mirrored to EndpointSlices per Endpoints subset. ${plan.skipped} addresses were skipped`;
      this.#context.recorder.event({ object: source, type: 'Warning', reason: 'TooManyAddressesToMirror', message });
    }
    await this.#apply(plan, signal);
  }

  async #apply(plan: SlicePlan, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    try {
      for (const slice of plan.update) await client.update(endpointslices, slice, { signal });
      for (const slice of plan.create) await client.create(endpointslices, slice, { signal });
      for (const slice of plan.delete) await client.delete(endpointslices, targetOf(slice), { preconditions: { uid: slice.metadata.uid }, signal });
    } catch (error) {
      if (!isNamespaceTerminating(error) && !isNotFound(error)) throw error;
    }
  }
}

function isToMirror({ metadata }: Endpoints): boolean {
  return metadata.labels?.[SKIP_MIRROR] !== 'true' && metadata.annotations?.[LEADER] === undefined;
}

function isMirrored({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY] === MIRRORING_CONTROLLER;
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME] ?? ''}`;
}
