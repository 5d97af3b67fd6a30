import type { ConfigMap, Container, Pod, Secret, Service } from '../../kube/api/generated/core/v1.ts';
import { expand } from './expand.ts';
import { podFieldValue, resourceFieldValue } from './pod-fields.ts';
import type { NodeFacts } from './pod-fields.ts';

export interface EnvironmentSources {
  readonly facts: NodeFacts & { readonly podIPs: readonly string[] };
  readonly services: readonly Service[];
  /** Undefined when it does not exist; throws when it cannot be known. */
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
}

/** Keeps a container from being created until its pod or what it refers to changes; the reason is CreateContainerConfigError. */
export class ContainerConfigError extends Error {}

export interface EnvironmentVariable { readonly name: string; readonly value: string }

/** Order and precedence as upstream's makeEnvironmentVariables: service links, envFrom, env; later ones win. */
export async function containerEnvironment(pod: Pod, container: Container, sources: EnvironmentSources): Promise<EnvironmentVariable[]> {
  const result = new Map<string, string>();
  const serviceVariables = serviceEnvironment(pod, sources.services);
  for (const source of container.envFrom ?? []) {
    for (const [name, value] of await bulkVariables(source, sources)) result.set(`${source.prefix ?? ''}${name}`, value);
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom === undefined) {
      result.set(variable.name, expand(variable.value ?? '', (name) => result.get(name) ?? serviceVariables.get(name)));
      continue;
    }
    const value = await referencedValue({ pod, container, source: variable.valueFrom, sources });
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of serviceVariables) if (!result.has(name)) result.set(name, value);
  return [...result].map(([name, value]) => ({ name, value }));
}

async function bulkVariables(source: NonNullable<Container['envFrom']>[number], sources: EnvironmentSources): Promise<readonly (readonly [string, string])[]> {
  const { configMapRef, secretRef } = source;
  if (configMapRef !== undefined) {
    const name = configMapRef.name ?? '';
    const configMap = await sources.configMap(name);
    if (configMap === undefined && configMapRef.optional !== true) throw new ContainerConfigError(`configmap "${name}" not found`);
    return Object.entries(configMap?.data ?? {});
  }
  if (secretRef !== undefined) {
    const name = secretRef.name ?? '';
    const secret = await sources.secret(name);
    if (secret === undefined && secretRef.optional !== true) throw new ContainerConfigError(`secret "${name}" not found`);
    return Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)] as const);
  }
  return [];
}

type EnvSource = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;
async function referencedValue({ pod, container, source, sources }: { pod: Pod; container: Container; source: EnvSource; sources: EnvironmentSources }): Promise<string | undefined> {
  if (source.fieldRef !== undefined) {
    const value = podFieldValue(pod, source.fieldRef.fieldPath, sources.facts);
    if (value === undefined) throw new ContainerConfigError(`unsupported fieldPath: ${source.fieldRef.fieldPath}`);
    return value;
  }
  if (source.resourceFieldRef !== undefined) {
    const name = source.resourceFieldRef.containerName;
    const target = name === undefined || name === '' ? container : ([...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((other) => other.name === name) ?? container);
    return resourceFieldValue(source.resourceFieldRef, target, sources.facts);
  }
  if (source.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const configMap = await sources.configMap(name);
    const value = configMap?.data?.[key];
    if (value !== undefined || optional === true) return value;
    if (configMap === undefined) throw new ContainerConfigError(`configmap "${name}" not found`);
    throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`);
  }
  if (source.secretKeyRef !== undefined) {
    const { name = '', key, optional } = source.secretKeyRef;
    const secret = await sources.secret(name);
    const value = secret?.data?.[key];
    if (value !== undefined) return decode(value);
    if (optional === true) return undefined;
    if (secret === undefined) throw new ContainerConfigError(`secret "${name}" not found`);
    throw new ContainerConfigError(`couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`);
  }
  return undefined;
}

/** The Docker-links variables for the namespace's Services, and `kubernetes` for every pod (upstream: pkg/kubelet/envvars). */
export function serviceEnvironment(pod: Pod, services: readonly Service[]): Map<string, string> {
  const variables = new Map<string, string>();
  const wanted = services.filter((service) => {
    const { namespace, name } = service.metadata;
    if (service.spec.clusterIP === undefined || service.spec.clusterIP === '' || service.spec.clusterIP === 'None') return false;
    const isMaster = namespace === 'default' && name === 'kubernetes';
    return isMaster || (namespace === pod.metadata.namespace && pod.spec.enableServiceLinks !== false);
  });
  for (const service of wanted) {
    const prefix = service.metadata.name.toUpperCase().replaceAll('-', '_');
    const ip = service.spec.clusterIP ?? '';
    const ports = service.spec.ports ?? [];
    const first = ports[0];
    if (first === undefined) continue;
    variables.set(`${prefix}_SERVICE_HOST`, ip);
    variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
    for (const port of ports) if (port.name) variables.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
    const host = ip.includes(':') ? `[${ip}]` : ip;
    variables.set(`${prefix}_PORT`, `${(first.protocol ?? 'TCP').toLowerCase()}://${host}:${first.port}`);
    for (const port of ports) {
      const protocol = port.protocol ?? 'TCP';
      const base = `${prefix}_PORT_${port.port}_${protocol}`;
      variables.set(base, `${protocol.toLowerCase()}://${host}:${port.port}`);
      variables.set(`${base}_PROTO`, protocol.toLowerCase());
      variables.set(`${base}_PORT`, String(port.port));
      variables.set(`${base}_ADDR`, ip);
    }
  }
  return variables;
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
