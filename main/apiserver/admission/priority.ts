import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { PriorityClass } from '../../../kube/api/generated/scheduling/v1.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbidden, isFor } from './refusal.ts';

const PRIORITY_CLASSES = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
const DEFAULT_POLICY = 'PreemptLowerPriority';

/** Computes a pod's priority from its class; keeps at most one class the default (upstream: plugin/pkg/admission/priority). */
export function priorityAdmission(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (attributes) =>
      isFor(attributes, 'pods', { operations: ['CREATE', 'UPDATE'] }) ||
      isFor(attributes, 'priorityclasses', { group: PRIORITY_CLASSES.group, operations: ['CREATE', 'UPDATE'] }),
    async mutate(attributes) {
      if (attributes.resource !== 'pods') return attributes.object as PriorityClass;
      const pod = attributes.object as Pod;
      return attributes.operation === 'CREATE' ? withPriority(reader, attributes, pod) : keptPriority(pod, attributes.oldObject as Pod);
    },
    async validate(attributes) {
      if (attributes.resource !== 'priorityclasses') return;
      const wanted = attributes.object as PriorityClass;
      const current = wanted.globalDefault ? await defaultClass(reader) : undefined;
      if (current && (attributes.operation === 'CREATE' || current.metadata.name !== wanted.metadata.name)) {
        throw forbidden(attributes, `PriorityClass ${current.metadata.name} is already marked as default. Only one default can exist`);
      }
    },
  };
}

async function withPriority(reader: ObjectReader, attributes: AdmissionAttributes, pod: Pod): Promise<Pod> {
  const spec = { ...pod.spec } as NonNullable<Pod['spec']>;
  const named = spec.priorityClassName;
  const found = named ? await reader.get<PriorityClass>(PRIORITY_CLASSES, { name: named }) : await defaultClass(reader);
  if (named && !found) throw forbidden(attributes, `no PriorityClass with name ${named} was found`);
  const priority = found?.value ?? 0;
  const policy = found?.preemptionPolicy ?? DEFAULT_POLICY;
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw forbidden(attributes, `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw forbidden(attributes, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`);
  }
  if (found) spec.priorityClassName = found.metadata.name;
  spec.priority = priority;
  spec.preemptionPolicy = policy;
  return { ...pod, spec };
}

function keptPriority(pod: Pod, old: Pod): Pod {
  const { priority, preemptionPolicy } = old.spec;
  const kept = { ...(pod.spec.priority === undefined && priority !== undefined ? { priority } : {}), ...(preemptionPolicy && !pod.spec.preemptionPolicy ? { preemptionPolicy } : {}) };
  return Object.keys(kept).length === 0 ? pod : { ...pod, spec: { ...pod.spec, ...kept } };
}

/** Of several defaults, which only a race can make, the lowest value. */
async function defaultClass(reader: ObjectReader): Promise<PriorityClass | undefined> {
  const classes = await reader.list<PriorityClass>(PRIORITY_CLASSES);
  let lowest: PriorityClass | undefined;
  for (const one of classes) if (one.globalDefault && (!lowest || one.value < lowest.value)) lowest = one;
  return lowest;
}
