import { expect, test } from 'vitest';
import { revisionData } from './controller-revision.ts';

test('a revision has the members of the template in the order in which upstream writes them', () => {
  const template = { spec: { restartPolicy: 'Always', containers: [{ name: 'b', image: 'a', args: undefined }] }, metadata: { labels: { z: '1', a: '2' } } };
  expect(JSON.stringify(revisionData(template))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","z":"1"}},"spec":{"containers":[{"image":"a","name":"b"}],"restartPolicy":"Always"}}}}',
  );
});
