import type {
  ComponentStatus, ConfigMap, Endpoints, Event, Namespace, Node, PodTemplate, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount,
} from '../../../../kube/api/generated/core/v1.ts';
import { AGE, age, containerCells, CONTAINERS, formatLabels, IMAGES, listWithMore, NAME, NONE, orNone, type PrintContext, printer, since, UNKNOWN } from './printer.ts';

export const configMapPrinter = printer<ConfigMap>({
  columns: [NAME, 'Data|string|0|@core/v1.ConfigMap.data', AGE],
  cells: (object, context) => [
    object.metadata.name,
    Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length,
    age(object, context),
  ],
});

export const secretPrinter = printer<Secret>({
  columns: [NAME, 'Type|string|0|@core/v1.Secret.type', 'Data|string|0|@core/v1.Secret.data', AGE],
  cells: (object, context) => [object.metadata.name, object.type ?? '', Object.keys(object.data ?? {}).length, age(object, context)],
});

export const serviceAccountPrinter = printer<ServiceAccount>({
  columns: [NAME, AGE],
  cells: (object, context) => [object.metadata.name, age(object, context)],
});

export const namespacePrinter = printer<Namespace>({
  columns: [NAME, 'Status|string|0|The status of the namespace', AGE],
  cells: (object, context) => [object.metadata.name, object.status?.phase ?? '', age(object, context)],
});

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec.unschedulable ? `${text},SchedulingDisabled` : text;
}

function nodeRoles(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return key.length > prefix.length ? [key.slice(prefix.length)] : [];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return orNone([...new Set(roles)].sort().join(','));
}

function kernelText(info: { readonly kernelVersion?: string; readonly architecture?: string } | undefined): string {
  const kernel = info?.kernelVersion || UNKNOWN;
  return info?.architecture ? `${kernel} (${info.architecture})` : kernel;
}

export const nodePrinter = printer<Node>({
  columns: [
    NAME,
    'Status|string|0|The status of the node',
    'Roles|string|0|The roles of the node',
    AGE,
    'Version|string|0|@core/v1.NodeSystemInfo.kubeletVersion',
    'Internal-IP|string|1|@core/v1.NodeStatus.addresses',
    'External-IP|string|1|@core/v1.NodeStatus.addresses',
    'OS-Image|string|1|@core/v1.NodeSystemInfo.osImage',
    'Kernel-Version|string|1|@core/v1.NodeSystemInfo.kernelVersion',
    'Container-Runtime|string|1|@core/v1.NodeSystemInfo.containerRuntimeVersion',
  ],
  cells(node, context) {
    const { nodeInfo, addresses = [] } = node.status ?? {};
    const address = (type: string): string => orNone(addresses.find((one) => one.type === type)?.address);
    return [
      node.metadata.name, nodeStatus(node), nodeRoles(node), age(node, context), nodeInfo?.kubeletVersion ?? '', address('InternalIP'), address('ExternalIP'),
      nodeInfo?.osImage || UNKNOWN, kernelText(nodeInfo), nodeInfo?.containerRuntimeVersion || UNKNOWN,
    ];
  },
});

function loadBalancerText(ingress: readonly { readonly ip?: string; readonly hostname?: string }[] | undefined): string {
  const names = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((name) => name !== '');
  return [...new Set(names)].sort().join(',');
}

function serviceExternalIP({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(own.join(','));
    case 'LoadBalancer': {
      const ingress = loadBalancerText(status?.loadBalancer?.ingress);
      const all = [...(ingress === '' ? [] : [ingress]), ...own];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return UNKNOWN;
  }
}

function servicePorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`));
  return orNone(ports.join(','));
}

export const servicePrinter = printer<Service>({
  columns: [
    NAME, 'Type|string|0|@core/v1.ServiceSpec.type', 'Cluster-IP|string|0|@core/v1.ServiceSpec.clusterIP',
    'External-IP|string|0|@core/v1.ServiceSpec.externalIPs', 'Port(s)|string|0|@core/v1.ServiceSpec.ports', AGE,
    'Selector|string|1|@core/v1.ServiceSpec.selector',
  ],
  cells: (service, context) => [
    service.metadata.name, service.spec.type ?? '', orNone(service.spec.clusterIPs?.[0] ?? service.spec.clusterIP), serviceExternalIP(service),
    servicePorts(service), age(service, context), formatLabels(service.spec.selector),
  ],
});

function endpointsText({ subsets }: Endpoints): string {
  if (!subsets || subsets.length === 0) return NONE;
  const all = subsets.flatMap(({ ports, addresses }) => {
    const list = addresses ?? [];
    if (!ports || ports.length === 0) return list.map(({ ip }) => ip);
    return ports.flatMap(({ port }) => list.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
  return listWithMore(all, 3);
}

export const endpointsPrinter = printer<Endpoints>({
  columns: [NAME, 'Endpoints|string|0|@core/v1.Endpoints.subsets', AGE],
  cells: (object, context) => [object.metadata.name, endpointsText(object), age(object, context)],
});

function eventSource({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || '';
  const host = source?.component ? (source.host ?? '') : (reportingInstance ?? '');
  return [component, host].filter((part) => part !== '').join(', ');
}

export const eventPrinter = printer<Event>({
  columns: [
    'Last Seen|string|0|@core/v1.Event.lastTimestamp', 'Type|string|0|@core/v1.Event.type', 'Reason|string|0|@core/v1.Event.reason',
    'Object|string|0|@core/v1.Event.involvedObject', 'Subobject|string|1|@core/v1.ObjectReference.fieldPath', 'Source|string|1|@core/v1.Event.source',
    'Message|string|0|@core/v1.Event.message', 'First Seen|string|1|@core/v1.Event.firstTimestamp', 'Count|string|1|@core/v1.Event.count', `${NAME}|1`,
  ],
  cells(event, context: PrintContext) {
    const first = since(event.firstTimestamp ?? event.eventTime, context);
    const last = event.series ? since(event.series.lastObservedTime, context) : event.lastTimestamp ? since(event.lastTimestamp, context) : first;
    const count = event.series ? (event.series.count ?? 0) : event.count || 1;
    const { kind = '', name, fieldPath = '' } = event.involvedObject ?? {};
    const target = name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
    return [last, event.type ?? '', event.reason ?? '', target, fieldPath, eventSource(event), (event.message ?? '').trim(), first, count, event.metadata.name];
  },
});

export const replicationControllerPrinter = printer<ReplicationController>({
  columns: [
    NAME, 'Desired|integer|0|@core/v1.ReplicationControllerSpec.replicas', 'Current|integer|0|@core/v1.ReplicationControllerStatus.replicas',
    'Ready|integer|0|@core/v1.ReplicationControllerStatus.readyReplicas', AGE, CONTAINERS, IMAGES, 'Selector|string|1|@core/v1.ReplicationControllerSpec.selector',
  ],
  cells: (object, context) => [
    object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, age(object, context),
    ...containerCells(object.spec.template), formatLabels(object.spec.selector),
  ],
});

export const podTemplatePrinter = printer<PodTemplate>({
  columns: [
    NAME, 'Containers|string|0|Names of each container in the template.', 'Images|string|0|Images referenced by each container in the template.',
    'Pod Labels|string|0|The labels for the pod template.',
  ],
  cells: (object) => [object.metadata.name, ...containerCells(object.template), formatLabels(object.template?.metadata?.labels)],
});

export const resourceQuotaPrinter = printer<ResourceQuota>({
  columns: [
    NAME,
    'Request|string|0|Request represents a minimum amount of cpu/memory that a container may consume.',
    'Limit|string|0|Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.', AGE,
  ],
  cells(object, context) {
    const { hard = {}, used = {} } = object.status ?? {};
    const text = (isLimit: boolean): string =>
      Object.keys(hard).filter((name) => name.startsWith('limits') === isLimit).sort().map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`).join(', ');
    return [object.metadata.name, text(false), text(true), age(object, context)];
  },
});

export const componentStatusPrinter = printer<ComponentStatus>({
  columns: [
    NAME, 'Status|string|0|Status of the component conditions', 'Message|string|0|Message of the component conditions',
    'Error|string|0|Error of the component conditions',
  ],
  cells(object) {
    const healthy = object.conditions?.find(({ type }) => type === 'Healthy');
    const status = healthy?.status === 'True' ? 'Healthy' : healthy?.status === 'False' ? 'Unhealthy' : 'Unknown';
    return [object.metadata.name, status, healthy?.message ?? '', healthy?.error ?? ''];
  },
});
