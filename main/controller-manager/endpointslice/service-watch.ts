import { type Pod, pods, type Service, services } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ControllerWatch } from '../controller.ts';
import { keyOf } from '../object-key.ts';
import { isPodReady } from '../pod-conditions.ts';

/** A slice is written once for a crowd of pods that become ready together. */
const COALESCE_MS = 15;

/** What both endpoint controllers look at: Services, and the pods that they select. Key: the Service. */
export class ServiceWatch {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly watches: readonly ControllerWatch[];

  constructor(context: ControllerContext) {
    this.services = context.informers.informer(services);
    this.pods = context.informers.informer(pods);
    this.watches = [
      { informer: this.services, keysFor: (service: Service) => [keyOf(service)] },
      { informer: this.pods, delayMs: COALESCE_MS, keysFor: (pod: Pod, previous?: Pod) => this.#keysForPod(pod, previous) },
    ] as readonly ControllerWatch[];
  }

  selectedPods({ metadata, spec }: Service): readonly Pod[] {
    const selector = Object.entries(spec?.selector ?? {});
    return this.pods.lister.list({ namespace: metadata.namespace }).filter((pod) => matches(selector, pod));
  }

  #keysForPod(pod: Pod, previous: Pod | undefined): readonly string[] {
    if (previous !== undefined && endpointState(pod) === endpointState(previous)) return [];
    return this.services.lister.list({ namespace: pod.metadata.namespace }).flatMap((service) => {
      const selector = Object.entries(service.spec?.selector ?? {});
      if (selector.length === 0) return [];
      return matches(selector, pod) || (previous !== undefined && matches(selector, previous)) ? [keyOf(service)] : [];
    });
  }
}

function matches(selector: readonly (readonly [string, string])[], { metadata }: Pod): boolean {
  return selector.every(([key, value]) => metadata.labels?.[key] === value);
}

/** All of a pod that endpoints show. */
function endpointState(pod: Pod): string {
  const { metadata, spec, status } = pod;
  return JSON.stringify([metadata.labels, metadata.deletionTimestamp, spec.nodeName, spec.hostname, status?.podIPs, status?.phase, isPodReady(pod)]);
}
