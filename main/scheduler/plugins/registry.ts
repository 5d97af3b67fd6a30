import type { Client } from '../../../kube/client/client.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { defaultBinder } from './default-binder.ts';
import { defaultPreemption, type DefaultPreemptionOptions } from './default-preemption.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity, type InterPodAffinityOptions } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread, type PodTopologySpreadOptions } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding, type VolumeBindingOptions } from './volume-binding.ts';

/** All plugins of the default profile, in the order in which each extension point calls them (upstream: default_plugins.go). */
export function defaultPlugins(options: {
  readonly client: Client;
  readonly affinity: InterPodAffinityOptions;
  readonly spread: PodTopologySpreadOptions;
  readonly volumes: VolumeBindingOptions;
  readonly preemption: DefaultPreemptionOptions;
}): readonly SchedulerPlugin[] {
  return [
    schedulingGates,
    prioritySort,
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeBinding(options.volumes),
    podTopologySpread(options.spread),
    interPodAffinity(options.affinity),
    dynamicResources,
    defaultPreemption(options.preemption),
    nodeResourcesBalancedAllocation,
    imageLocality,
    defaultBinder(options.client),
  ];
}
