import { newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import { answerValue } from '../answer.ts';
import { methodNotAllowed, type SpecialEndpoint } from '../dispatch.ts';

const COMPONENTS: Readonly<Record<string, string>> = { scheduler: 'ok', 'controller-manager': 'ok', 'etcd-0': 'ok' };

/** The long deprecated list of components. All of them live in the process that answers. */
export const componentStatusEndpoint: SpecialEndpoint = async ({ context: { info }, media }) => {
  if (info.verb === 'list') return answerValue(media, { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items: Object.keys(COMPONENTS).map(componentStatus) });
  if (info.verb !== 'get') throw methodNotAllowed();
  if (!Object.hasOwn(COMPONENTS, info.name)) throw newNotFound({ group: '', resource: 'componentstatuses' }, info.name);
  return answerValue(media, { kind: 'ComponentStatus', apiVersion: 'v1', ...componentStatus(info.name) });
};

function componentStatus(name: string): object {
  return { metadata: { name }, conditions: [{ type: 'Healthy', status: 'True', message: COMPONENTS[name] }] };
}
