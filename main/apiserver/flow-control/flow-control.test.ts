import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import type { RequestContext } from '../endpoints/request.ts';
import { requestInfoOf } from '../filters/request-info.ts';
import { mandatoryObjects, suggestedObjects } from './bootstrap-objects.ts';
import { dumpPriorityLevels, dumpQueues, dumpRequests } from './debug-dump.ts';
import { FlowControl, type FlowTicket } from './flow-control.ts';

const NEVER = new AbortController().signal;

function bootstrapped(options: { readonly totalSeats?: number; readonly count?: number } = {}): { readonly flow: FlowControl; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const statistics = (): { count: number; sizeBytes: number } => ({ count: options.count ?? 10, sizeBytes: (options.count ?? 10) * 1000 });
  const flow = new FlowControl({ clock, totalSeats: options.totalSeats ?? 600, statistics, nextTurn: setImmediate });
  const [mandatory, suggested] = [mandatoryObjects(), suggestedObjects()];
  flow.configure([...mandatory.levels, ...suggested.levels], [...mandatory.schemas, ...suggested.schemas]);
  return { flow, clock };
}

interface Asking {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly method?: string;
  readonly target: string;
  readonly signal?: AbortSignal;
}

function contextOf({ user, groups = ['system:authenticated'], method = 'GET', target, signal = NEVER }: Asking): RequestContext {
  const [path = '', rawQuery = ''] = target.split('?');
  const query = new URLSearchParams(rawQuery);
  const request = { method, rawPath: path, rawQuery, query, headers: {}, signal, readBody: async () => new Uint8Array() };
  return { request, info: requestInfoOf({ method, path, query }), user: { name: user, groups }, auditId: 'x', warnings: [] };
}

const NODES = ['system:nodes', 'system:authenticated'];
const accountGroups = (namespace: string): string[] => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
const CONFIG_MAPS = '/api/v1/namespaces/a/configmaps/x';

describe('a request falls into', () => {
  test.each([
    { user: 'admin', groups: ['system:masters'], target: CONFIG_MAPS, want: 'exempt' },
    { user: 'system:anonymous', groups: ['system:unauthenticated'], target: '/livez/ping', want: 'probes' },
    { user: 'system:anonymous', groups: ['system:unauthenticated'], target: '/version', want: 'global-default' },
    { user: 'system:node:n1', groups: NODES, method: 'PATCH', target: '/api/v1/nodes/n1/status', want: 'system-node-high' },
    { user: 'system:node:n1', groups: NODES, method: 'PUT', target: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1', want: 'system-node-high' },
    { user: 'system:node:n1', groups: NODES, target: CONFIG_MAPS, want: 'system-nodes' },
    { user: 'system:kube-scheduler', target: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler', want: 'system-leader-election' },
    { user: 'system:kube-scheduler', target: '/api/v1/pods', want: 'kube-scheduler' },
    { user: 'system:kube-controller-manager', target: '/api/v1/pods', want: 'kube-controller-manager' },
    { user: 'system:serviceaccount:kube-system:gc', groups: accountGroups('kube-system'), target: CONFIG_MAPS, want: 'kube-system-service-accounts' },
    { user: 'system:serviceaccount:kube-system2:gc', groups: accountGroups('kube-system2'), target: CONFIG_MAPS, want: 'service-accounts' },
    { user: 'bob', target: CONFIG_MAPS, want: 'global-default' },
    { user: 'nobody', groups: [], target: CONFIG_MAPS, want: 'catch-all' },
  ])('$want: $user $method $target', async ({ want, ...asking }) => {
    const { flow } = bootstrapped();
    const ticket = await flow.begin(contextOf(asking), 15_000);
    const running = [...flow.configuration.levels.values()].flatMap(({ counts }) => [...counts].filter(([, { executing }]) => executing > 0).map(([schema]) => schema));
    expect(running).toEqual([want]);
    ticket.finish();
  });
});

test('the seats of the levels are those of upstream for 600 requests', () => {
  const { flow } = bootstrapped();
  const limits = [...flow.configuration.levels.values()].map(({ name, limits: { nominal, lower, upper } }) => [name, nominal, lower, upper]);
  expect(limits).toEqual([
    ['catch-all', 13, 13, 613], ['exempt', 0, 0, 600], ['system', 74, 50, 674], ['node-high', 98, 73, 698], ['leader-election', 25, 25, 625],
    ['workload-high', 98, 49, 698], ['workload-low', 245, 24, 845], ['global-default', 49, 24, 649],
  ]);
});

describe('a level that is full', () => {
  const one = (user: string): RequestContext => contextOf({ user, target: CONFIG_MAPS });

  /** Takes every seat of global-default (5 of 60) for the flooder. */
  async function flooded(): Promise<{ readonly flow: FlowControl; readonly clock: VirtualClock; readonly running: FlowTicket[]; readonly seats: number }> {
    const { flow, clock } = bootstrapped({ totalSeats: 60 });
    const seats = flow.configuration.levels.get('global-default')?.currentLimit ?? 0;
    const running: FlowTicket[] = [];
    for (let i = 0; i < seats; i++) running.push(await flow.begin(one('flooder'), 15_000));
    return { flow, clock, running, seats };
  }

  test('lets requests wait, and runs them in turn as others end', async () => {
    const { flow, running } = await flooded();
    const order: string[] = [];
    const wait = async (name: string): Promise<void> => void (await flow.begin(one('flooder'), 15_000), order.push(name));
    const waiting = [wait('first'), wait('second')];
    running[0]?.finish();
    await waiting[0];
    expect(order).toEqual(['first']);
    running[1]?.finish();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second']);
  });

  test('serves a quiet client before the backlog of a flood', async () => {
    const { flow, running } = await flooded();
    let flooderServed = 0;
    const backlog = Array.from({ length: 100 }, async () => {
      const ticket = await flow.begin(one('flooder'), 15_000);
      if (ticket.retryAfter === undefined) flooderServed++;
    });
    const quiet = flow.begin(one('quiet'), 15_000);
    for (const ticket of running.slice(0, 3)) ticket.finish();
    expect((await quiet).retryAfter).toBeUndefined();
    expect(flooderServed).toBeLessThanOrEqual(3);
    expect(backlog).toHaveLength(100);
  });

  test('does not hold up other levels', async () => {
    const { flow } = await flooded();
    const begun = flow.begin(contextOf({ user: 'system:node:n1', groups: NODES, method: 'PATCH', target: '/api/v1/nodes/n1/status' }), 15_000);
    expect(begun).not.toBeInstanceOf(Promise);
  });

  test('refuses who has waited too long, with seconds to wait', async () => {
    const { flow, clock } = await flooded();
    const refused = flow.begin(one('flooder'), 8000);
    await clock.advance(8000);
    expect(await refused).toMatchObject({ retryAfter: 1, queuedMs: 8000 });
  });

  test('forgets a client that goes away', async () => {
    const { flow, running } = await flooded();
    const leaving = new AbortController();
    const gone = flow.begin(contextOf({ user: 'flooder', target: CONFIG_MAPS, signal: leaving.signal }), 15_000);
    leaving.abort();
    expect((await gone).retryAfter).toBe(1);
    running[0]?.finish();
    expect(flow.configuration.levels.get('global-default')?.queueSet).toMatchObject({ waiting: 0, executing: running.length - 1, cancelled: 1 });
  });

  test('refuses at once when the queues of a flow are full', async () => {
    const { flow } = await flooded();
    const waiting = Array.from({ length: 6 * 50 }, () => flow.begin(one('flooder'), 15_000));
    expect(flow.begin(one('flooder'), 15_000)).toMatchObject({ retryAfter: 1 });
    expect(flow.begin(one('quiet'), 15_000)).toBeInstanceOf(Promise);
    expect(waiting.every((begun) => begun instanceof Promise)).toBe(true);
  });

  test('tells clients to wait for longer as long as refusals go on', async () => {
    const { flow, clock } = bootstrapped({ totalSeats: 60 });
    const asking = contextOf({ user: 'nobody', groups: [], target: CONFIG_MAPS });
    const seats = flow.configuration.levels.get('catch-all')?.currentLimit ?? 0;
    for (let i = 0; i < seats; i++) await flow.begin(asking, 15_000);
    const told: (number | undefined)[] = [];
    for (let second = 0; second < 8; second++) {
      for (let i = 0; i < 20; i++) told[second] = (await flow.begin(asking, 15_000)).retryAfter;
      await clock.advance(1000);
    }
    expect(told).toEqual([1, 2, 2, 4, 4, 4, 4, 8]);
  });

  test('gets seats that others do not use', async () => {
    const { flow, clock, seats } = await flooded();
    const waiting = Array.from({ length: 20 }, () => flow.begin(one('flooder'), 600_000));
    await clock.advance(10_000);
    expect(flow.configuration.levels.get('global-default')?.currentLimit).toBeGreaterThan(seats);
    expect((await waiting[0])?.retryAfter).toBeUndefined();
  });
});

test('a flood is worked off over many turns of the event loop, others in the first', async () => {
  const turns: (() => void)[] = [];
  const flow = new FlowControl({ clock: new VirtualClock(), totalSeats: 6000, statistics: () => undefined, nextTurn: (callback) => void turns.push(callback) });
  const [mandatory, suggested] = [mandatoryObjects(), suggestedObjects()];
  flow.configure([...mandatory.levels, ...suggested.levels], [...mandatory.schemas, ...suggested.schemas]);
  let served = 0;
  const flood = Array.from({ length: 100 }, async () => {
    await flow.begin(contextOf({ user: 'flooder', target: CONFIG_MAPS }), 15_000);
    served++;
  });
  await Promise.resolve();
  expect(served).toBeLessThanOrEqual(16);
  expect(flow.begin(contextOf({ user: 'system:node:n1', groups: NODES, target: '/api/v1/nodes/n1' }), 15_000)).not.toBeInstanceOf(Promise);
  expect(flow.begin(contextOf({ user: 'admin', groups: ['system:masters'], target: CONFIG_MAPS }), 15_000)).not.toBeInstanceOf(Promise);
  let rounds = 0;
  for (let turn = turns.shift(); turn; turn = turns.shift()) {
    turn();
    rounds++;
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  await Promise.all(flood);
  expect([served, rounds]).toEqual([100, expect.any(Number)]);
  expect(rounds).toBeGreaterThanOrEqual(6);
});

describe('the width of a request', () => {
  const seatsOf = async (asking: Asking, options: { readonly count?: number; readonly watches?: number } = {}): Promise<number> => {
    const { flow } = bootstrapped({ count: options.count ?? 10 });
    for (let i = 0; i < (options.watches ?? 0); i++) (await flow.begin(contextOf({ user: 'bob', target: '/api/v1/pods?watch=1&resourceVersion=5' }), 15_000)).finish();
    await flow.begin(contextOf(asking), 15_000);
    return flow.configuration.levels.get('global-default')?.queueSet.seatsInUse ?? 0;
  };

  test.each([
    { what: 'a get is one seat', asking: { user: 'bob', target: CONFIG_MAPS }, count: 5000, want: 1 },
    { what: 'a list grows with the bytes it holds', asking: { user: 'bob', target: '/api/v1/pods' }, count: 450, want: 5 },
    { what: 'a page of a list is narrower', asking: { user: 'bob', target: '/api/v1/pods?limit=100' }, count: 450, want: 1 },
    { what: 'a list is never wider than its level allows', asking: { user: 'bob', target: '/api/v1/pods' }, count: 100_000, want: 8 },
    { what: 'a list of one name is one seat', asking: { user: 'bob', target: '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx' }, count: 5000, want: 1 },
    { what: 'a watch that begins with the state is as wide as a list', asking: { user: 'bob', target: '/api/v1/pods?watch=1' }, count: 450, want: 5 },
    { what: 'a watch that goes on is one seat', asking: { user: 'bob', target: '/api/v1/pods?watch=1&resourceVersion=7' }, count: 450, want: 1 },
    { what: 'a write grows with its watchers', asking: { user: 'bob', method: 'POST', target: '/api/v1/namespaces/a/pods' }, watches: 25, want: 3 },
    { what: 'a write that few watch is one seat', asking: { user: 'bob', method: 'POST', target: '/api/v1/namespaces/a/pods' }, watches: 9, want: 1 },
  ])('$what', async ({ asking, want, ...options }) => {
    expect(await seatsOf(asking, options)).toBe(want);
  });

  test('a write keeps its seats for the events it caused', async () => {
    const { flow, clock } = bootstrapped();
    for (let i = 0; i < 20; i++) (await flow.begin(contextOf({ user: 'bob', target: '/api/v1/pods?watch=1&resourceVersion=5' }), 15_000)).finish();
    const ticket = await flow.begin(contextOf({ user: 'bob', method: 'POST', target: '/api/v1/namespaces/a/pods' }), 15_000);
    ticket.finish();
    const { queueSet } = flow.configuration.levels.get('global-default') ?? {};
    expect([queueSet?.executing, queueSet?.seatsInUse]).toEqual([0, 2]);
    await clock.advance(5);
    expect(queueSet?.seatsInUse).toBe(0);
  });
});

describe('the configuration', () => {
  test('is followed: a level that is gone serves what it has and takes no more', async () => {
    const { flow } = bootstrapped();
    const [mandatory, suggested] = [mandatoryObjects(), suggestedObjects()];
    const ticket = await flow.begin(contextOf({ user: 'bob', target: CONFIG_MAPS }), 15_000);
    flow.configure([...mandatory.levels, ...suggested.levels.filter(({ metadata }) => metadata.name !== 'global-default')], [...mandatory.schemas, ...suggested.schemas]);
    expect(flow.configuration.levels.get('global-default')?.quiescing).toBe(true);
    const next = await flow.begin(contextOf({ user: 'bob', target: CONFIG_MAPS }), 15_000);
    expect(flow.configuration.levels.get('catch-all')?.queueSet.executing).toBe(1);
    ticket.finish();
    next.finish();
    flow.configure(mandatory.levels, mandatory.schemas);
    expect([...flow.configuration.levels.keys()].sort()).toEqual(['catch-all', 'exempt']);
  });

  test('imagines the mandatory objects as long as there are none', async () => {
    const flow = new FlowControl({ clock: new VirtualClock(), totalSeats: 600, statistics: () => undefined, nextTurn: setImmediate });
    expect(await flow.begin(contextOf({ user: 'admin', groups: ['system:masters'], target: CONFIG_MAPS }), 15_000)).toMatchObject({ flowSchemaUid: '', retryAfter: undefined });
    expect(flow.configuration.levels.get('exempt')?.queueSet.executing).toBe(1);
  });
});

test('the dumps show levels, queues and requests as upstream prints them', async () => {
  const { flow, clock } = bootstrapped();
  await flow.begin(contextOf({ user: 'bob', target: CONFIG_MAPS }), 15_000);
  const source = { configuration: flow.configuration, wallMs: (ms: number) => clock.now() - clock.monotonicMs() + ms };
  const levels = dumpPriorityLevels(source).split('\n');
  expect(levels[0]).toBe('PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests');
  expect(levels[3]).toBe('global-default,    0,            false,  false,       0,               1,                 1,                  0,                0,                0');
  expect(dumpQueues(source).split('\n').filter((line) => line.startsWith('global-default,'))).toHaveLength(128);
  const [, request = ''] = dumpRequests(source, { details: true }).split('\n');
  expect(request.replaceAll(/\s+/g, '').replace(/,\d+,-1/, ',Q,-1')).toBe('global-default,global-default,Q,-1,bob,2026-01-01T00:00:00Z,1,0,0s,2026-01-01T00:00:00Z,bob,get,/api/v1/namespaces/a/configmaps/x,a,x,v1,configmaps,');
});
