import type { APIService, APIServiceCondition } from '../../../kube/api/generated/apiregistration/v1.ts';
import type { Service } from '../../../kube/api/generated/core/v1.ts';
import type { EndpointSlice } from '../../../kube/api/generated/discovery/v1.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import type { User } from '../authentication/user.ts';
import { connectionProblem } from '../proxy/secure-stream.ts';
import type { RemoteApiService } from './api-service-list.ts';
import { getRemote, hostOf, resolveRemote, type ServiceConnectionOptions } from './service-connection.ts';

export interface AvailabilityOptions extends ServiceConnectionOptions {
  readonly clock: Clock;
}

/** The verdict, and whether it is worth another look before the regular one. */
export interface Availability {
  readonly condition: Omit<APIServiceCondition, 'lastTransitionTime'>;
  readonly isDiscoveryFailure: boolean;
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const CHECK_TIMEOUT_MS = 5_000;
/** As often as one look asks before it gives up. */
const ATTEMPTS = 5;
/** May read the discovery of any server. */
const CHECKER: User = { name: 'system:kube-aggregator', groups: ['system:masters'] };

export function localCondition(): Omit<APIServiceCondition, 'lastTransitionTime'> {
  return { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
}

/** Whether the Service is there, has endpoints, and answers (upstream: kube-aggregator controllers/status/remote). */
export async function checkAvailability(options: AvailabilityOptions, remote: RemoteApiService, signal: AbortSignal): Promise<Availability> {
  const missing = await problemOfService(options, remote);
  if (missing) return { condition: { type: 'Available', status: 'False', ...missing }, isDiscoveryFailure: false };
  try {
    await askOften(options, remote, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    return { condition: { type: 'Available', status: 'False', reason: 'FailedDiscoveryCheck', message }, isDiscoveryFailure: true };
  }
  return { condition: { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }, isDiscoveryFailure: false };
}

async function problemOfService({ reader }: AvailabilityOptions, { service: { namespace, name, port } }: RemoteApiService): Promise<{ readonly reason: string; readonly message: string } | undefined> {
  const service = await reader.get<Service>({ group: '', resource: 'services' }, { namespace, name });
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!service) return { reason: 'ServiceNotFound', message: `${where} is not present` };
  if (service.spec?.type !== 'ClusterIP') return undefined;
  const wanted = service.spec.ports?.find((candidate) => candidate.port === port);
  if (!wanted) return { reason: 'ServicePortError', message: `${where} is not listening on port ${port}` };
  const slices = (await reader.list<EndpointSlice>({ group: 'discovery.k8s.io', resource: 'endpointslices' }, namespace)).filter(({ metadata }) => metadata.labels?.[SERVICE_LABEL] === name);
  if (slices.length === 0) return { reason: 'EndpointsNotFound', message: `cannot find endpointslices for ${where}` };
  const portName = wanted.name ?? '';
  if (slices.some((slice) => hasActiveEndpoint(slice, portName))) return undefined;
  return { reason: 'MissingEndpoints', message: `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}` };
}

function hasActiveEndpoint({ endpoints = [], ports = [] }: EndpointSlice, portName: string): boolean {
  return endpoints.some(({ conditions }) => conditions?.ready !== false) && ports.some(({ name = '', port }) => name === portName && port !== undefined);
}

/** One answer is enough; only when the first fails the others are asked too, all at once. */
async function askOften(options: AvailabilityOptions, remote: RemoteApiService, signal: AbortSignal): Promise<void> {
  try {
    await ask(options, remote, signal);
  } catch (first) {
    signal.throwIfAborted();
    await Promise.any(Array.from({ length: ATTEMPTS - 1 }, () => ask(options, remote, signal))).catch(() => {
      throw first;
    });
  }
}

async function ask(options: AvailabilityOptions, remote: RemoteApiService, signal: AbortSignal): Promise<void> {
  const target = await resolveRemote(options, remote);
  const path = remote.name === 'v1.' ? `/api/${remote.version}` : `/apis/${remote.group}/${remote.version}`;
  const url = `https://${hostOf(target)}${path}`;
  using deadline = deadlineIn(CHECK_TIMEOUT_MS, { clock: options.clock, outer: signal, message: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' });
  let status: number;
  try {
    ({ status } = await getRemote(options, remote, { path, user: CHECKER }, deadline.signal));
  } catch (error) {
    throw new Error(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${connectionProblem(error, signal)}`, { cause: error });
  }
  if (status < 200 || status > 299) throw new Error(`failing or missing response from ${url}: bad status from ${url}: ${status}`);
}

/** The APIServices that a change of this Service or of its endpoints may concern. */
export function concernedBy(services: Iterable<APIService>, { namespace, name }: { readonly namespace: string | undefined; readonly name: string | undefined }): readonly string[] {
  return [...services].filter(({ spec: { service } }) => service !== undefined && service.namespace === namespace && service.name === name).map(({ metadata }) => metadata.name);
}
