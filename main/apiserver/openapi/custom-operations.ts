import type { GroupVersionInfo, ResourceInfo } from '../../../kube/api/inventory.ts';
import { article, DELETE_PARAMETERS, LIST_PARAMETERS, type Operation, operationPrefix, PATCH_PARAMETERS, type PathItem, rootPath, WRITE_PARAMETERS } from './operations.ts';

/**
 * The operations of custom resources. They are told otherwise than those of built-in ones: no watches of their own, collections deleted by the
 * parameters of a list, JSON and YAML alone (upstream: apiextensions-apiserver, pkg/controller/openapi/builder).
 */
export function customPathsOf(group: GroupVersionInfo): readonly PathItem[] {
  return group.resources.flatMap((info) => pathsOfResource(info, { root: rootPath(group), prefix: operationPrefix(group) }));
}

interface Place {
  /** `/apis/example.com/v1` */
  readonly root: string;
  readonly prefix: string;
}

function pathsOfResource(info: ResourceInfo, { root, prefix }: Place): readonly PathItem[] {
  const scope = info.namespaced ? '/namespaces/{namespace}' : '';
  const scopeParameters = info.namespaced ? ['namespace', 'pretty'] : ['pretty'];
  const name = `${info.namespaced ? 'Namespaced' : ''}${info.kind}`;
  const collection = `${root}${scope}/${info.resource}`;
  const shared = ['name', ...scopeParameters];
  const everywhere: PathItem = {
    path: `${root}/${info.resource}`, parameters: [...LIST_PARAMETERS, 'pretty'], operations: [{ ...listed(info, `list${prefix}${info.kind}ForAllNamespaces`), parameters: [] }],
  };
  return [
    ...(info.namespaced ? [everywhere] : []),
    { path: collection, parameters: scopeParameters, operations: collectionOperations(info, { prefix, name }) },
    { path: `${collection}/{name}`, parameters: shared, operations: [...readWrite(info, { prefix, name }), deleted(info, `delete${prefix}${name}`)] },
    ...info.subresources.map((subresource) => {
      const suffix = subresource.name.charAt(0).toUpperCase() + subresource.name.slice(1);
      return { path: `${collection}/{name}/${subresource.name}`, parameters: shared, operations: readWrite(info, { prefix, name: name + suffix, subresource }) };
    }),
  ];
}

interface Naming {
  readonly prefix: string;
  /** `NamespacedWidget`, `NamespacedWidgetStatus` */
  readonly name: string;
  readonly subresource?: ResourceInfo['subresources'][number];
}

function listed(info: ResourceInfo, id: string): Operation {
  return {
    method: 'get', id, description: `list objects of kind ${info.kind}`, action: 'list', kind: info, parameters: LIST_PARAMETERS,
    response: { ...info, kind: `${info.kind}List` }, codes: [200], produces: 'custom',
  };
}

function collectionOperations(info: ResourceInfo, { prefix, name }: Naming): readonly Operation[] {
  return [
    listed(info, `list${prefix}${name}`),
    {
      method: 'post', id: `create${prefix}${name}`, description: `create ${article(info.kind)}${info.kind}`, action: 'post', kind: info,
      parameters: WRITE_PARAMETERS, body: info, response: info, codes: [200, 201, 202], produces: 'custom',
    },
    {
      method: 'delete', id: `delete${prefix}Collection${name}`, description: `delete collection of ${info.kind}`, action: 'deletecollection', kind: info,
      parameters: LIST_PARAMETERS, response: 'Status', codes: [200], produces: 'custom',
    },
  ];
}

function deleted(info: ResourceInfo, id: string): Operation {
  return {
    method: 'delete', id, description: `delete ${article(info.kind)}${info.kind}`, action: 'delete', kind: info, parameters: DELETE_PARAMETERS,
    body: 'DeleteOptions', response: 'Status', codes: [200, 202], produces: 'custom',
  };
}

function readWrite(info: ResourceInfo, { prefix, name, subresource }: Naming): readonly Operation[] {
  const what = `${subresource ? `${subresource.name} of ` : ''}the specified ${info.kind}`;
  const answer = subresource?.kind ?? info;
  const common = { kind: info, response: answer, produces: 'custom' } as const;
  return [
    { ...common, method: 'get', id: `read${prefix}${name}`, description: `read ${what}`, action: 'get', parameters: ['resourceVersion'], codes: [200] },
    { ...common, method: 'put', id: `replace${prefix}${name}`, description: `replace ${what}`, action: 'put', parameters: WRITE_PARAMETERS, body: answer, codes: [200, 201] },
    { ...common, method: 'patch', id: `patch${prefix}${name}`, description: `partially update ${what}`, action: 'patch', parameters: PATCH_PARAMETERS, body: 'Patch', codes: [200] },
  ];
}
