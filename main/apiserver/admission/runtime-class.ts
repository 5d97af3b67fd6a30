import type { Pod, Toleration } from '../../../kube/api/generated/core/v1.ts';
import type { RuntimeClass } from '../../../kube/api/generated/node/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { wasGivenEmpty } from '../../../kube/api/typed-object.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbidden, isFor, refusedName } from './refusal.ts';

/** Overhead and scheduling of the pod's RuntimeClass (upstream: plugin/pkg/admission/runtimeclass). */
export function runtimeClassAdmission(reader: ObjectReader): AdmissionPlugin {
  const find = async (attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> => {
    const name = (attributes.object as Pod).spec?.runtimeClassName;
    if (name === undefined) return undefined;
    const problem = refusedName(name);
    if (problem !== undefined) throw new StatusError(failureStatus({ code: 500, reason: '', message: problem }));
    const found = await reader.get<RuntimeClass>({ group: 'node.k8s.io', resource: 'runtimeclasses' }, { name });
    if (!found) throw forbidden(attributes, `pod rejected: RuntimeClass "${name}" not found`);
    return found;
  };
  return {
    name: 'RuntimeClass',
    handles: (attributes) => isFor(attributes, 'pods', { operations: ['CREATE'] }),
    async mutate(attributes) {
      const pod = attributes.object as Pod;
      const found = await find(attributes);
      return found && pod.spec ? { ...pod, spec: withClass(attributes, pod.spec, found) } : pod;
    },
    async validate(attributes) {
      const { spec } = attributes.object as Pod;
      const found = await find(attributes);
      if (found?.overhead) {
        if (!deepEqual(found.overhead.podFixed, spec?.overhead)) throw forbidden(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      } else if (spec && (spec.overhead !== undefined || wasGivenEmpty(spec, 'overhead'))) {
        throw forbidden(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
    },
  };
}

type PodSpec = NonNullable<Pod['spec']>;

function withClass(attributes: AdmissionAttributes, spec: PodSpec, found: RuntimeClass): PodSpec {
  const next: PodSpec = { ...spec };
  const overhead = found.overhead?.podFixed;
  if (overhead) {
    if (spec.overhead && !deepEqual(spec.overhead, overhead)) throw forbidden(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    next.overhead = { ...overhead };
  }
  const { nodeSelector, tolerations } = found.scheduling ?? {};
  if (nodeSelector) {
    for (const [key, value] of Object.entries(nodeSelector)) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value) {
        throw forbidden(attributes, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
      }
    }
    next.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  }
  if (tolerations) next.tolerations = merged(spec.tolerations ?? [], tolerations as readonly Toleration[]);
  return next;
}

/** Of two that tolerate the same the first stays; of two of which one tolerates all that the other does, the wider (upstream: pkg/util/tolerations). */
function merged(own: readonly Toleration[], added: readonly Toleration[]): Toleration[] {
  const kept: Toleration[] = [];
  const all = [...own, ...added];
  for (const [index, toleration] of all.entries()) {
    const isCovered = kept.some((other) => covers(other, toleration)) || all.slice(index + 1).some((other) => !deepEqual(other, toleration) && covers(other, toleration));
    if (!isCovered) kept.push(toleration);
  }
  return kept;
}

function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = wide;
  if ((narrow.key ?? '') !== key && (key !== '' || operator !== 'Exists')) return false;
  if (effect !== '' && (narrow.effect ?? '') !== effect) return false;
  if (effect === 'NoExecute' && tolerationSeconds !== undefined && (narrow.tolerationSeconds ?? Infinity) > tolerationSeconds) return false;
  if (operator === 'Exists') return true;
  return (operator === '' || operator === 'Equal') && narrow.operator === 'Equal' && (narrow.value ?? '') === value;
}
