import type { Job } from '../../../kube/api/generated/batch/v1.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';

export interface PolicyMatch {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  readonly message: string;
}

/** The first rule of spec.podFailurePolicy that a failed pod matches; undefined counts it as usual. */
export function matchPodFailurePolicy(job: Job, pod: Pod): PolicyMatch | undefined {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const action = rule.action as PolicyMatch['action'];
    const { onExitCodes } = rule;
    if (onExitCodes !== undefined) {
      const hit = terminated(pod).find(({ name, exitCode }) => {
        if (onExitCodes.containerName && onExitCodes.containerName !== name) return false;
        if (exitCode === 0) return false;
        return onExitCodes.operator === 'In' ? onExitCodes.values.includes(exitCode) : !onExitCodes.values.includes(exitCode);
      });
      if (hit === undefined) continue;
      const { namespace, name } = pod.metadata;
      return { action, message: `Container ${hit.name} for pod ${namespace}/${name} failed with exit code ${hit.exitCode} matching ${action} rule at index ${index}` };
    }
    const condition = (rule.onPodConditions ?? []).find(({ type, status = 'True' }) => pod.status?.conditions?.some((its) => its.type === type && its.status === status));
    if (condition === undefined) continue;
    return { action, message: `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${condition.type} matching ${action} rule at index ${index}` };
  }
  return undefined;
}

function terminated({ status }: Pod): readonly { readonly name: string; readonly exitCode: number }[] {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].flatMap(({ name, state }) =>
    state?.terminated === undefined ? [] : [{ name, exitCode: state.terminated.exitCode }],
  );
}
