import { newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { toPartialMetadataList } from '../../negotiation/partial-metadata.ts';
import { answerObject, answerValue, newWrongShape } from '../answer.ts';
import { methodNotAllowed, type SpecialEndpoint } from '../dispatch.ts';

const COMPONENTS: Readonly<Record<string, string>> = { scheduler: 'ok', 'controller-manager': 'ok', 'etcd-0': 'ok' };

/** The long deprecated list of components. All of them live in the process that answers. */
export const componentStatusEndpoint: SpecialEndpoint = async (request) => {
  const { context: { info, request: { query } }, media, served, tables } = request;
  const as = typeof media === 'object' ? media.as : undefined;
  if (info.verb === 'list') {
    const items = Object.keys(COMPONENTS).map(componentStatus);
    const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items };
    if (as?.kind === 'PartialObjectMetadata') throw newWrongShape(served, { asked: as.kind, isList: true });
    if (as?.kind === 'PartialObjectMetadataList') return answerValue(media, toPartialMetadataList(list, as));
    if (as?.kind === 'Table' && tables) return answerValue(media, tables.listTable(served, list, { version: as.version, query }));
    return answerValue(media, { ...list, items: items.map(({ metadata, conditions }) => ({ metadata, conditions })) });
  }
  if (info.verb !== 'get') throw methodNotAllowed();
  if (!Object.hasOwn(COMPONENTS, info.name)) throw newNotFound({ group: '', resource: 'componentstatus' }, info.name);
  return answerObject(request, componentStatus(info.name));
};

function componentStatus(name: string): KubernetesObject & { readonly conditions: readonly object[] } {
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [{ type: 'Healthy', status: 'True', message: COMPONENTS[name] }] };
}
