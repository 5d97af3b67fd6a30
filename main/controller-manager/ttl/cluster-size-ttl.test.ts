import { expect, test } from 'vitest';
import { ClusterSizeTtl } from './cluster-size-ttl.ts';

test('the time grows with the cluster, and shrinks only well below the boundary that it passed', () => {
  const ttl = new ClusterSizeTtl();
  const sizes = [1, 100, 101, 95, 90, 89, 500, 501, 450, 449, 5000, 1800, 1799, 0];
  expect(sizes.map((nodes) => `${nodes} ${ttl.secondsFor(nodes)}`)).toEqual([
    '1 0', '100 0', '101 15', '95 15', '90 15', '89 0', '500 15', '501 30', '450 30', '449 15', '5000 300', '1800 300', '1799 60', '0 0',
  ]);
});
