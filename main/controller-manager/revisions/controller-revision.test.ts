import { expect, test } from 'vitest';
import { newRevision, revisionData, STATEFUL_SET_REVISIONS } from './controller-revision.ts';

test('a revision has the members of the template in the order in which upstream writes them', () => {
  const template = { spec: { restartPolicy: 'Always', containers: [{ name: 'b', image: 'a', args: undefined }] }, metadata: { labels: { z: '1', a: '2' } } };
  expect(JSON.stringify(revisionData(template))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","z":"1"}},"spec":{"containers":[{"image":"a","name":"b"}],"restartPolicy":"Always"}}}}',
  );
});

test('a stateful set names a revision by the hash of its data, as upstream does', () => {
  const container = {
    name: 'pg', image: 'postgres:16', imagePullPolicy: 'IfNotPresent', resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const spec = { containers: [container], restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler' };
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace: 'a', uid: 'u' } };
  const options = { naming: STATEFUL_SET_REVISIONS, template: { metadata: { labels: { app: 'db' } }, spec }, labels: { app: 'db' }, revision: 1 };
  expect(newRevision(owner, { ...options, collisionCount: 0 }).metadata).toMatchObject({ name: 'db-55f584cfd4', labels: { app: 'db', 'controller.kubernetes.io/hash': '55f584cfd4' } });
  expect(newRevision(owner, { ...options, collisionCount: 1 }).metadata.name).not.toBe('db-55f584cfd4');
});
