/** Labels and annotations by which a later kubelet (or crictl, or ours after a restart) recognises what an earlier one made; upstream: pkg/kubelet/types/labels.go. */
export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';

export const HASH_ANNOTATION = 'io.kubernetes.container.hash';
export const RESTART_COUNT_ANNOTATION = 'io.kubernetes.container.restartCount';
export const TERMINATION_PATH_ANNOTATION = 'io.kubernetes.container.terminationMessagePath';
export const TERMINATION_POLICY_ANNOTATION = 'io.kubernetes.container.terminationMessagePolicy';
export const GRACE_PERIOD_ANNOTATION = 'io.kubernetes.pod.terminationGracePeriod';
export const PRE_STOP_ANNOTATION = 'io.kubernetes.container.preStopHandler';
export const PORTS_ANNOTATION = 'io.kubernetes.container.ports';
/** Ours: where the termination message lies on this node. */
export const TERMINATION_FILE_ANNOTATION = 'coracle.dev/termination-file';

/** The uid of an API pod as the runtime knows it: a static pod's is its config hash, here always metadata.uid. */
export function podKey(pod: { readonly metadata: { readonly name: string; readonly namespace?: string } }): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}

/** `name_namespace(uid)`, upstream's format.Pod, used in messages. */
export function formatPod(pod: { readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string } }): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
}
