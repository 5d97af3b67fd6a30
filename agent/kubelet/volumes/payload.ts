import type { DownwardAPIVolumeFile, KeyToPath, Pod, ProjectedVolumeSource, Volume } from '../../../kube/api/generated/core/v1.ts';
import { podFieldValue, resourceFieldValue } from '../pod-fields.ts';
import type { NodeFacts } from '../pod-fields.ts';
import type { ReferencedObjects } from '../referenced-objects.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';

export interface PayloadSources {
  readonly objects: ReferencedObjects;
  readonly facts: NodeFacts & { readonly podIPs: readonly string[] };
  token(pod: Pod, request: { readonly audience?: string; readonly expirationSeconds: number }): Promise<string>;
}

/** A message in upstream's words, for a FailedMount event. */
export class VolumeError extends Error {}

const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3600;

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for any other kind. */
export async function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return configMapFiles({ ...configMap, name: configMap.name ?? '' }, configMap.defaultMode, pod, sources);
  if (secret !== undefined) return secretFiles({ name: secret.secretName ?? '', items: secret.items, optional: secret.optional }, secret.defaultMode, pod, sources);
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode, pod, sources);
  if (projected !== undefined) return projectedFiles(projected, pod, sources);
  return undefined;
}

type Selection = { readonly name: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean };

async function configMapFiles(selection: Selection, mode: number | undefined, pod: Pod, { objects }: PayloadSources): Promise<Payload> {
  const configMap = await objects.configMap(pod.metadata.namespace ?? '', selection.name);
  if (configMap === undefined && selection.optional !== true) throw new VolumeError(`configmap "${selection.name}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(configMap?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(configMap?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return selectFiles(data, selection, mode ?? DEFAULT_MODE);
}

async function secretFiles(selection: Selection, mode: number | undefined, pod: Pod, { objects }: PayloadSources): Promise<Payload> {
  const secret = await objects.secret(pod.metadata.namespace ?? '', selection.name);
  if (secret === undefined && selection.optional !== true) throw new VolumeError(`secret "${selection.name}" not found`);
  return selectFiles(new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')])), selection, mode ?? DEFAULT_MODE);
}

function selectFiles(data: ReadonlyMap<string, Uint8Array>, { items, optional }: Selection, mode: number): Payload {
  const files = new Map<string, PayloadFile>();
  if (items === undefined || items.length === 0) {
    for (const [key, bytes] of data) files.set(key, { data: bytes, mode });
    return files;
  }
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes !== undefined) files.set(item.path, { data: bytes, mode: item.mode ?? mode });
    else if (optional !== true) throw new VolumeError('references non-existent config key: ' + item.key);
  }
  return files;
}

function downwardFiles(items: readonly DownwardAPIVolumeFile[], mode: number | undefined, pod: Pod, { facts }: PayloadSources): Payload {
  const files = new Map<string, PayloadFile>();
  for (const { path, fieldRef, resourceFieldRef, mode: own } of items) {
    let value = '';
    if (fieldRef !== undefined) value = podFieldValue(pod, fieldRef.fieldPath, facts) ?? '';
    else if (resourceFieldRef !== undefined) {
      const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === resourceFieldRef.containerName);
      if (container === undefined) throw new VolumeError(`container ${resourceFieldRef.containerName ?? ''} not found`);
      value = resourceFieldValue(resourceFieldRef, container, facts);
    }
    files.set(path, { data: Buffer.from(value), mode: own ?? mode ?? DEFAULT_MODE });
  }
  return files;
}

async function projectedFiles(projected: ProjectedVolumeSource, pod: Pod, sources: PayloadSources): Promise<Payload> {
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  const files = new Map<string, PayloadFile>();
  for (const source of projected.sources ?? []) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    let part: Payload = new Map();
    if (configMap !== undefined) part = await configMapFiles({ ...configMap, name: configMap.name ?? '' }, mode, pod, sources);
    else if (secret !== undefined) part = await secretFiles({ ...secret, name: secret.name ?? '' }, mode, pod, sources);
    else if (downwardAPI !== undefined) part = downwardFiles(downwardAPI.items ?? [], mode, pod, sources);
    else if (serviceAccountToken !== undefined) {
      const { audience, expirationSeconds = DEFAULT_TOKEN_SECONDS, path } = serviceAccountToken;
      part = new Map([[path, tokenFile(await sources.token(pod, { audience, expirationSeconds }), pod, mode)]]);
    }
    for (const [path, file] of part) files.set(path, file);
  }
  return files;
}

/** Readable by exactly the pod's user where all its containers share one; the group's permission comes with fsGroup. */
function tokenFile(token: string, pod: Pod, mode: number): PayloadFile {
  const users = new Set([...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((container) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser));
  const [user] = users;
  const data = Buffer.from(token);
  if (pod.spec.securityContext?.fsGroup !== undefined) return { data, mode: 0o600 };
  return users.size === 1 && user !== undefined ? { data, mode: 0o600, uid: user } : { data, mode };
}
