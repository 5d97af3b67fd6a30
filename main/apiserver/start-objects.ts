import { isAlreadyExists, isNotFound, StatusError, type Status } from '../../kube/apimachinery/status.ts';
import { formatTime } from '../../kube/apimachinery/time.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Transport } from '../../kube/client/transport.ts';

export interface StartObjectOptions {
  /** Where pods reach the API server: the one endpoint of Service `kubernetes`. */
  readonly advertise: { readonly address: string; readonly port: number };
  /** `10.96.0.0/16`: the Service takes its first address. */
  readonly serviceCIDR: string;
  readonly clock: Clock;
}

const SYSTEM_NAMESPACES = ['kube-system', 'default', 'kube-public', 'kube-node-lease'];
/** Says since when the last use of tokens in Secrets is noted on them. */
const TOKEN_TRACKING = 'kube-apiserver-legacy-service-account-token-tracking';
const DISCOVERY = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

/** What every cluster has from its first second. Existing objects stay as they are, but for the address of the API server. */
export async function startObjects(transport: Transport, options: StartObjectOptions): Promise<void> {
  for (const name of SYSTEM_NAMESPACES) await ensure(transport, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await Promise.all([
    ...priorityClasses().map((object) => ensure(transport, '/apis/scheduling.k8s.io/v1/priorityclasses', object)),
    defaultServiceCIDR(transport, options),
    kubernetesService(transport, options),
    ensure(transport, '/api/v1/namespaces/kube-system/configmaps', {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: TOKEN_TRACKING, namespace: 'kube-system' }, data: { since: new Date(options.clock.now()).toISOString().slice(0, 10) },
    }),
  ]);
}

/** The range of the flags, ready at once (upstream: controlplane/controller/defaultservicecidr). */
async function defaultServiceCIDR(transport: Transport, { serviceCIDR, clock }: StartObjectOptions): Promise<void> {
  const path = '/apis/networking.k8s.io/v1/servicecidrs';
  const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'kubernetes' } };
  const isNew = await ensure(transport, path, { ...kind, spec: { cidrs: [serviceCIDR] } });
  if (!isNew) return;
  const condition = { type: 'Ready', status: 'True', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: formatTime(clock.now()) };
  await send(transport, 'PATCH', `${path}/kubernetes/status?fieldManager=kubernetes-service-cidr-controller&force=true`, { ...kind, status: { conditions: [condition] } });
}

function priorityClasses(): StartObject[] {
  const make = (name: string, value: number, description: string): StartObject => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description });
  return [
    make('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
    make('system-cluster-critical', 2_000_000_000, 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.'),
  ];
}

async function kubernetesService(transport: Transport, { advertise: { address, port }, serviceCIDR }: StartObjectOptions): Promise<void> {
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  await ensure(transport, '/api/v1/namespaces/default/services', {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', labels },
    spec: {
      clusterIP: firstAddress(serviceCIDR), ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      sessionAffinity: 'None', type: 'ClusterIP', ipFamilyPolicy: 'SingleStack',
    },
  });
  await put(transport, '/api/v1/namespaces/default/endpoints', {
    apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'kubernetes', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
  await put(transport, DISCOVERY, {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4', endpoints: [{ addresses: [address], conditions: { ready: true } }], ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
}

/** `10.96.0.0/16` → `10.96.0.1` */
function firstAddress(cidr: string): string {
  const [network = ''] = cidr.split('/');
  const octets = network.split('.').map(Number);
  return [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.');
}

/** Creates what is missing, and says whether it was. Looked up first: creating a Service anew fails on its address, which it holds itself, before its name is compared. */
export async function ensure(transport: Transport, path: string, object: StartObject): Promise<boolean> {
  const existing = await transport.fetch({ method: 'GET', path: `${path}/${object.metadata.name}`, headers: { accept: 'application/json' } });
  if (existing.status === 200) return false;
  try {
    await send(transport, 'POST', path, object);
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return false;
  }
}

export interface StartObject {
  readonly metadata: { readonly name: string; readonly [member: string]: unknown };
  readonly [member: string]: unknown;
}

/** Creates or replaces. */
async function put(transport: Transport, path: string, object: StartObject): Promise<void> {
  try {
    await send(transport, 'PUT', `${path}/${object.metadata.name}`, object);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await send(transport, 'POST', path, object);
  }
}

async function send(transport: Transport, method: string, path: string, object: object): Promise<void> {
  const response = await transport.fetch({ method, path, headers: { 'content-type': method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json', 'user-agent': 'kube-apiserver' }, body: JSON.stringify(object) });
  if (response.status < 300) return;
  throw new StatusError(JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8')) as Status);
}
