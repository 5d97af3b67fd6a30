import type { APIService } from '../../../kube/api/generated/apiregistration/v1.ts';
import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import { compareVersions } from '../discovery/discovery.ts';
import type { RemoteGroupVersion } from '../discovery/documents.ts';
import { builtInPriorities, CUSTOM_RESOURCE_PRIORITY, type ApiServicePriority } from './api-service-priorities.ts';

export interface DiscoveryInput {
  readonly local: readonly GroupVersionInfo[];
  /** They take the place of what this server serves under the same name. */
  readonly remote: readonly RemoteGroupVersion[];
  readonly find: (name: string) => APIService | undefined;
}

/** Its own group stands first: «it's good to be king». */
const FIRST = 'apiregistration.k8s.io';
const BUILT_IN = builtInPriorities();

interface Ranked {
  readonly info: GroupVersionInfo;
  readonly priority: ApiServicePriority;
  readonly name: string;
}

/**
 * All group versions in discovery's order: by the priorities of their APIServices, or those they are going to have. Groups that are as
 * important as each other stand by name in aggregated discovery, by the name of their foremost APIService in the plain one.
 */
export function discoveryOrder({ local, remote, find }: DiscoveryInput, form: 'plain' | 'aggregated'): readonly GroupVersionInfo[] {
  const shadowed = new Set(remote.map(({ group, version }) => `${group}/${version}`));
  const served = [...local.filter(({ group, version }) => !shadowed.has(`${group}/${version}`)), ...remote];
  const groups = Map.groupBy(served.map((info) => ranked(info, find)), ({ info }) => info.group);
  const ordered = [...groups].map(([group, members]) => {
    members.sort((a, b) => b.priority.version - a.priority.version || compareVersions(a.info.version, b.info.version));
    const priority = Math.max(...members.map((member) => member.priority.group));
    const names = members.filter((member) => member.priority.group === priority).map(({ name }) => name).sort();
    return { members, priority: group === FIRST ? Infinity : priority, tie: form === 'plain' ? (names[0] ?? group) : group };
  });
  ordered.sort((a, b) => (a.priority === b.priority ? (a.tie < b.tie ? -1 : 1) : b.priority - a.priority));
  return ordered.flatMap(({ members }) => members.map(({ info }) => info));
}

function ranked(info: GroupVersionInfo, find: DiscoveryInput['find']): Ranked {
  const name = `${info.version}.${info.group}`;
  const spec = find(name)?.spec;
  const own = spec && { group: spec.groupPriorityMinimum, version: spec.versionPriority };
  return { info, name, priority: own ?? BUILT_IN.get(`${info.group}/${info.version}`) ?? CUSTOM_RESOURCE_PRIORITY };
}
