import type { Scale } from '../../../kube/api/generated/autoscaling/v1.ts';
import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Client } from '../../../kube/client/client.ts';
import { MetricError } from './metric-error.ts';

interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** What an autoscaler steers: the scale of any resource that has one, custom resources included. */
export interface ScaleTarget {
  readonly resource: Resource<Scale>;
  readonly scale: Scale;
}

/** The resources of a kind, those of the preferred version first. Throws when there are none. */
export async function findResources(client: Client, { group, kind }: GroupKind, signal: AbortSignal): Promise<readonly Resource<Scale>[]> {
  const found = new Map<string, Resource<Scale>>();
  for (const version of await versionsOf(client, group, signal)) {
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const { resources = [] } = (await client.raw({ method: 'GET', path, signal })) as { resources?: readonly { name: string; kind: string; namespaced: boolean }[] };
    for (const { name, kind: served, namespaced } of resources) {
      if (served === kind && !name.includes('/') && !found.has(name)) found.set(name, { group, version, resource: name, kind, namespaced });
    }
  }
  if (found.size === 0) throw new MetricError(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
  return [...found.values()];
}

async function versionsOf(client: Client, group: string, signal: AbortSignal): Promise<readonly string[]> {
  if (group === '') return ['v1'];
  try {
    const { preferredVersion, versions } = (await client.raw({ method: 'GET', path: `/apis/${group}`, signal })) as { preferredVersion?: { version: string }; versions: readonly { version: string }[] };
    return [...new Set([...(preferredVersion === undefined ? [] : [preferredVersion.version]), ...versions.map(({ version }) => version)])];
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Upstream: scaleForResourceMappings. Of several resources of one kind the first that answers; the first error when none does. */
export async function readScale(client: Client, target: { readonly apiVersion: string; readonly kind: string; readonly namespace: string; readonly name: string }, signal: AbortSignal): Promise<ScaleTarget> {
  const { apiVersion, kind, namespace, name } = target;
  const parts = apiVersion.split('/');
  if (parts.length > 2) throw new MetricError(`unexpected GroupVersion string: ${apiVersion}`);
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  let firstError: unknown;
  for (const resource of await findResources(client, { group, kind }, signal)) {
    try {
      return { resource, scale: await client.get(resource, { namespace, name }, { subresource: 'scale', signal }) };
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}
