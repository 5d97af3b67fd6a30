import { expect, test } from 'vitest';
import { normalizeElementOrder } from './element-order.ts';

const identify = (element: unknown): unknown => (element as { port: number }).port;

test('elements of one identity all stay, in their order', () => {
  const [tcp, udp, other] = [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }, { port: 80, protocol: 'TCP' }];
  expect(normalizeElementOrder({ patch: [tcp, udp], serverOnly: [other], patchOrder: [53], serverOrder: [53, 80, 53], identify })).toHaveLength(3);
});

test('what only the server has goes before the elements that it stood before', () => {
  const [a, b, c, x] = [1, 2, 3, 9].map((port) => ({ port }));
  expect(normalizeElementOrder({ patch: [c, x], serverOnly: [a, b], patchOrder: [3, 9], serverOrder: [1, 2, 3], identify })).toEqual([a, b, c, x]);
});
