import type { Container, Pod, Volume } from '../../../../../kube/api/generated/core/v1.ts';

/** The Secrets and ConfigMaps of its own namespace that a pod names, directly (upstream: pkg/api/v1/pod/util.go). */
export interface PodReferences {
  readonly secrets: readonly string[];
  readonly configMaps: readonly string[];
}

export function referencesOfPod({ spec }: Pod): PodReferences {
  const [secrets, configMaps] = [new Set<string | undefined>(), new Set<string | undefined>()];
  for (const { name } of spec?.imagePullSecrets ?? []) secrets.add(name);
  const containers: readonly Partial<Container>[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
  for (const { env = [], envFrom = [] } of containers) {
    for (const { configMapRef, secretRef } of envFrom) {
      configMaps.add(configMapRef?.name);
      secrets.add(secretRef?.name);
    }
    for (const { valueFrom } of env) {
      configMaps.add(valueFrom?.configMapKeyRef?.name);
      secrets.add(valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    configMaps.add(volume.configMap?.name);
    for (const name of secretsOfVolume(volume)) secrets.add(name);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      configMaps.add(configMap?.name);
      secrets.add(secret?.name);
    }
  }
  return { secrets: named(secrets), configMaps: named(configMaps) };
}

function named(names: ReadonlySet<string | undefined>): string[] {
  return [...names].filter((name): name is string => name !== undefined && name !== '');
}

function secretsOfVolume({ secret, azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi }: Volume): (string | undefined)[] {
  const others = [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].map((source) => source?.secretRef?.name);
  return [secret?.secretName, azureFile?.secretName, csi?.nodePublishSecretRef?.name, ...others];
}
