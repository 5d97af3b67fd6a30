import { expect, test } from 'vitest';
import { requestInfoOf } from './request-info.ts';

const of = (method: string, target: string) => {
  const [path = '', query = ''] = target.split('?');
  const { isResourceRequest, verb, namespace, resource, subresource, name, apiGroup, apiVersion } = requestInfoOf({ method, path, query: new URLSearchParams(query) });
  return isResourceRequest ? [verb, apiGroup, apiVersion, namespace, resource, name, subresource].join(' ') : `- ${verb}`;
};

test.each([
  { method: 'GET', path: '/version', want: '- get' },
  { method: 'GET', path: '/api', want: '- get' },
  { method: 'GET', path: '/apis/apps/v1', want: '- get' },
  { method: 'GET', path: '/api/v1/pods', want: 'list  v1  pods  ' },
  { method: 'GET', path: '/api/v1/pods?watch=true', want: 'watch  v1  pods  ' },
  { method: 'GET', path: '/api/v1/pods?watch=0', want: 'list  v1  pods  ' },
  { method: 'GET', path: '/api/v1/watch/namespaces/a/pods', want: 'watch  v1 a pods  ' },
  { method: 'GET', path: '/api/v1/namespaces/a/pods/b/log', want: 'get  v1 a pods b log' },
  { method: 'GET', path: '/api/v1/namespaces/a', want: 'get  v1 a namespaces a ' },
  { method: 'PUT', path: '/api/v1/namespaces/a/finalize', want: 'update  v1 a namespaces a finalize' },
  { method: 'POST', path: '/apis/apps/v1/namespaces/a/deployments', want: 'create apps v1 a deployments  ' },
  { method: 'PATCH', path: '/apis/apps/v1/namespaces/a/deployments/d/scale', want: 'patch apps v1 a deployments d scale' },
  { method: 'DELETE', path: '/api/v1/namespaces/a/pods', want: 'deletecollection  v1 a pods  ' },
  { method: 'GET', path: '/api/v1/nodes?fieldSelector=metadata.name%3Dn1', want: 'list  v1  nodes n1 ' },
  { method: 'TRACE', path: '/api/v1/pods', want: '  v1  pods  ' },
])('$method $path', ({ method, path, want }) => {
  expect(of(method, path)).toBe(want);
});
