import type { Pod, Toleration } from '../../../kube/api/generated/core/v1.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isFor } from './refusal.ts';

const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const SECONDS = 300;

/** Pods stay five minutes on a node that fails, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (attributes) => isFor(attributes, 'pods', { operations: ['CREATE', 'UPDATE'] }),
  mutate({ object }) {
    const pod = object as Pod;
    const present = pod.spec?.tolerations ?? [];
    const missing = KEYS.filter((key) => !present.some((toleration) => concerns(toleration, key)));
    if (missing.length === 0 || !pod.spec) return pod;
    const added = missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }));
    return { ...pod, spec: { ...pod.spec, tolerations: [...present, ...added] } };
  },
};

function concerns({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
