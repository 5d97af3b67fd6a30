import type { APIService, APIServiceCondition } from '../../../kube/api/generated/apiregistration/v1.ts';
import { compareVersions } from '../discovery/discovery.ts';

/** An APIService whose requests go to a Service. */
export interface RemoteApiService {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** PEM. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly isAvailable: boolean;
}

const HTTPS_PORT = 443;

export function remoteOf({ metadata, spec, status }: APIService): RemoteApiService | undefined {
  const { service, caBundle, insecureSkipTLSVerify: insecure = false } = spec;
  if (!service) return undefined;
  return {
    name: metadata.name, group: spec.group ?? '', version: spec.version ?? '',
    service: { namespace: service.namespace ?? '', name: service.name ?? '', port: service.port ?? HTTPS_PORT },
    ca: caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined,
    insecure,
    isAvailable: status?.conditions?.some(({ type, status: value }) => type === 'Available' && value === 'True') ?? false,
  };
}

/**
 * Groups in discovery's order, each with its versions in order (upstream: kube-aggregator apis/apiregistration/v1/helper). A group stands
 * where its most important version does.
 */
export function sortedByGroup(services: Iterable<APIService>): readonly (readonly APIService[])[] {
  const byPriority = [...services].sort((a, b) => b.spec.groupPriorityMinimum - a.spec.groupPriorityMinimum || (a.metadata.name < b.metadata.name ? -1 : 1));
  const groups = Map.groupBy(byPriority, ({ spec }) => spec.group ?? '');
  return [...groups.values()].map((members) =>
    members.sort((a, b) => b.spec.versionPriority - a.spec.versionPriority || compareVersions(a.spec.version ?? '', b.spec.version ?? '')),
  );
}

/** The conditions with this one set; its time moves only with its status. */
export function withCondition(conditions: readonly APIServiceCondition[], next: APIServiceCondition): readonly APIServiceCondition[] {
  const existing = conditions.find(({ type }) => type === next.type);
  if (!existing) return [...conditions, next];
  const kept = existing.status === next.status && existing.lastTransitionTime !== undefined ? { lastTransitionTime: existing.lastTransitionTime } : {};
  return conditions.map((condition) => (condition === existing ? { ...next, ...kept } : condition));
}
