import { createHash } from 'node:crypto';
import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import type { ContainerConfig, Mount } from '../runtime/cri-types.ts';
import { containerResources } from './container-resources.ts';
import type { EnvironmentVariable } from './environment.ts';
import { expand } from './expand.ts';
import {
  CONTAINER_NAME_LABEL, GRACE_PERIOD_ANNOTATION, HASH_ANNOTATION, PORTS_ANNOTATION, POD_NAMESPACE_LABEL, POD_NAME_LABEL, POD_UID_LABEL, PRE_STOP_ANNOTATION, RESTART_COUNT_ANNOTATION,
  TERMINATION_FILE_ANNOTATION, TERMINATION_PATH_ANNOTATION, TERMINATION_POLICY_ANNOTATION,
} from './runtime-labels.ts';
import { linuxSecurityContext } from './security-context.ts';
import type { ImageUser } from './security-context.ts';

export interface ContainerConfigOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly imageRef: string;
  readonly imageUser: ImageUser;
  readonly environment: readonly EnvironmentVariable[];
  readonly mounts: readonly Mount[];
  readonly memoryCapacityBytes: number;
  readonly cgroupVersion: 1 | 2;
  /** On the node; mounted at terminationMessagePath. */
  readonly terminationFile?: string;
  /** For an ephemeral container with targetContainerName. */
  readonly targetId?: string;
}

/** Upstream: kuberuntime_container.go generateContainerConfig. */
export function containerConfig(options: ContainerConfigOptions): ContainerConfig {
  const { pod, container, restartCount, imageRef, imageUser, environment, mounts, memoryCapacityBytes, cgroupVersion, terminationFile, targetId } = options;
  const variables = new Map(environment.map(({ name, value }) => [name, value]));
  const expanded = (values: readonly string[] | undefined): string[] => (values ?? []).map((value) => expand(value, (name) => variables.get(name)));
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: imageRef, userSpecifiedImage: container.image ?? '' },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    envs: environment.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: [...mounts],
    devices: [],
    labels: { [CONTAINER_NAME_LABEL]: container.name, [POD_NAME_LABEL]: pod.metadata.name, [POD_NAMESPACE_LABEL]: pod.metadata.namespace ?? '', [POD_UID_LABEL]: pod.metadata.uid ?? '' },
    annotations: containerAnnotations({ pod, container, restartCount, terminationFile }),
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: { resources: containerResources({ pod, container, memoryCapacityBytes, cgroupVersion }), securityContext: linuxSecurityContext({ pod, container, image: imageUser, targetId }) },
  };
}

function containerAnnotations({ pod, container, restartCount, terminationFile }: { pod: Pod; container: Container; restartCount: number; terminationFile?: string }): Record<string, string> {
  const annotations: Record<string, string> = {
    [HASH_ANNOTATION]: containerHash(container),
    [RESTART_COUNT_ANNOTATION]: String(restartCount),
    [TERMINATION_PATH_ANNOTATION]: container.terminationMessagePath ?? '/dev/termination-log',
    [TERMINATION_POLICY_ANNOTATION]: container.terminationMessagePolicy ?? 'File',
  };
  if (terminationFile !== undefined) annotations[TERMINATION_FILE_ANNOTATION] = terminationFile;
  if (pod.spec.terminationGracePeriodSeconds !== undefined) annotations[GRACE_PERIOD_ANNOTATION] = String(pod.spec.terminationGracePeriodSeconds);
  if (container.lifecycle?.preStop !== undefined) annotations[PRE_STOP_ANNOTATION] = JSON.stringify(container.lifecycle.preStop);
  if ((container.ports ?? []).length > 0) annotations[PORTS_ANNOTATION] = JSON.stringify(container.ports);
  return annotations;
}

/** Changes when a running container must be replaced: since 1.30 only name and image count upstream, so that new API fields never restart anything. */
export function containerHash(container: Container): string {
  return createHash('sha256').update(JSON.stringify([container.name, container.image ?? ''])).digest('hex').slice(0, 16);
}
