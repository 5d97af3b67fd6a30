import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, everything, HistoryModel, lineOf, NamespaceClient, type ConfigMapLike, type Selects } from './history-model.fixture.ts';
import { startTestApiServer, type TestApiServer } from './testing.ts';
import type { Frames } from './watch-frames.fixture.ts';

const selectors: readonly { readonly labelSelector: string; readonly selects: Selects }[] = [
  { labelSelector: '', selects: everything },
  { labelSelector: 'app=x', selects: (app) => app === 'x' },
  { labelSelector: 'app!=x', selects: (app) => app !== 'x' },
];

/** Which revision a request names: none, 0, the newest, or one from some writes ago. */
type Version = 'unset' | 'zero' | number;
type Step =
  | { readonly type: 'write'; readonly verb: 'create' | 'update' | 'patch' | 'delete'; readonly name: string; readonly app: string; readonly version: 'unset' | 'current' | 'stale' }
  | { readonly type: 'get'; readonly name: string; readonly version: Version }
  | { readonly type: 'list'; readonly selector: number; readonly version: Version; readonly match: 'unset' | 'Exact' | 'NotOlderThan'; readonly limit: number }
  | { readonly type: 'next' }
  | { readonly type: 'watch'; readonly selector: number; readonly version: Version; readonly initial: boolean; readonly bookmarks: boolean }
  | { readonly type: 'compact'; readonly back: number };

const version: fc.Arbitrary<Version> = fc.oneof(fc.constantFrom('unset' as const, 'zero' as const), { weight: 4, arbitrary: fc.nat(9) });
const selector = fc.nat(selectors.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('write' as const), verb: fc.constantFrom('create' as const, 'update' as const, 'patch' as const, 'delete' as const), name: fc.constantFrom('a', 'a-b', 'b', 'c', 'd'), app: fc.constantFrom('x', 'y', 'z'), version: fc.constantFrom('unset' as const, 'current' as const, 'stale' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('get' as const), name: fc.constantFrom('a', 'b'), version }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('list' as const), selector, version, match: fc.constantFrom('unset' as const, 'Exact' as const, 'NotOlderThan' as const), limit: fc.nat(3) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('next' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('watch' as const), selector, version, initial: fc.boolean(), bookmarks: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('compact' as const), back: fc.nat(4) }) },
);

interface OpenPage {
  readonly token: string;
  readonly selects: Selects;
  readonly labelSelector: string;
  /** Undefined: goes on in whatever state there is. */
  readonly rv: number | undefined;
  readonly after: string;
  readonly limit: number;
}
interface OpenWatch {
  readonly frames: Frames;
  readonly selects: Selects;
  readonly expected: (model: HistoryModel) => string[];
  /** It began below what the store keeps. The cache may still have what it needs. */
  readonly mayBeTooOld: boolean;
}

/** One random history: the API server and the model side by side. */
class Run {
  readonly model = new HistoryModel();
  readonly #api: TestApiServer;
  readonly #client: NamespaceClient;
  readonly #stop = new AbortController();
  readonly #watches: OpenWatch[] = [];
  #pages: OpenPage[] = [];

  constructor(api: TestApiServer, namespace: string) {
    this.#api = api;
    this.#client = new NamespaceClient(api.transport, namespace);
  }

  async take(step: Step): Promise<void> {
    switch (step.type) {
      case 'write': return this.#write(step);
      case 'get': return this.#get(step);
      case 'list': return this.#list(step);
      case 'next': return this.#next();
      case 'watch': return this.#watch(step);
      case 'compact': return this.#compact(step.back);
    }
  }

  async #write({ verb, name, app, version: wanted }: Extract<Step, { type: 'write' }>): Promise<void> {
    const current = this.model.current(name);
    const rv = wanted === 'unset' ? undefined : String((current?.rv ?? 7) - (wanted === 'stale' ? 1 : 0));
    const isStale = wanted === 'stale';
    const request = {
      create: { method: 'POST', body: configMap(name, app) },
      update: { method: 'PUT', name, body: configMap(name, app, rv) },
      patch: { method: 'PATCH', name, patch: true, body: { metadata: { labels: { app }, ...(rv ? { resourceVersion: rv } : {}) } } },
      delete: { method: 'DELETE', name, ...(rv ? { body: { preconditions: { resourceVersion: rv } } } : {}) },
    }[verb];
    const { status, body } = await this.#client.ask(request.method, request);
    if (verb === 'create') expect(status).toBe(current ? 409 : 201);
    else expect(`${verb} ${status}`).toBe(`${verb} ${current ? (isStale ? 409 : 200) : 404}`);
    if (status >= 400) return;
    if (verb === 'delete') this.model.entries.push({ rv: this.#api.store.revision, name, app: undefined });
    else if (Number(body.metadata?.resourceVersion) !== current?.rv) this.model.entries.push({ rv: Number(body.metadata?.resourceVersion), name, app });
    // A write that changes nothing keeps the version.
    else expect(current?.app).toBe(app);
  }

  /** As the query has it; undefined when the model knows no revision that old. */
  #rvOf(wanted: Version): string | undefined {
    if (wanted === 'unset') return '';
    if (wanted === 'zero') return '0';
    const entry = this.model.entries.at(-1 - wanted);
    return entry && String(entry.rv);
  }

  async #get({ name, version: wanted }: Extract<Step, { type: 'get' }>): Promise<void> {
    const rv = this.#rvOf(wanted) ?? '';
    const { status, body } = await this.#client.ask('GET', { name, query: { resourceVersion: rv } });
    const current = this.model.current(name);
    // Version 0 and older ones allow an old state, which a server in one process has no reason to give.
    expect(status).toBe(current ? 200 : 404);
    if (current) expect([body.metadata?.resourceVersion, body.metadata?.labels?.app]).toEqual([String(current.rv), current.app]);
  }

  async #list({ selector: at, version: wanted, match, limit }: Extract<Step, { type: 'list' }>): Promise<void> {
    const { labelSelector, selects } = selectors[at]!;
    const rv = this.#rvOf(wanted);
    if (rv === undefined) return;
    const query = { labelSelector, resourceVersion: rv, limit, ...(match === 'unset' ? {} : { resourceVersionMatch: match }) };
    const { status, body } = await this.#client.ask('GET', { query });
    if (match !== 'unset' && (rv === '' || (rv === '0' && match === 'Exact'))) return expect(status).toBe(422);
    const isExact = rv !== '' && rv !== '0' && (match === 'Exact' || (match === 'unset' && limit > 0));
    if (isExact && Number(rv) < this.#api.store.compactRevision) return expect([status, body.reason]).toEqual([410, 'Expired']);
    expect(status).toBe(200);
    const listed = Number(body.metadata?.resourceVersion);
    if (isExact) expect(listed).toBe(Number(rv));
    else expect(listed).toBeGreaterThanOrEqual(this.model.newest);
    const isPaged = limit > 0 && rv !== '0';
    this.#expectPage(body, { labelSelector, selects, rv: listed, after: '', limit: isPaged ? limit : Infinity });
  }

  /** The page shows the objects behind `after` at that revision, as many as asked for, and tells whether there are more. */
  #expectPage({ items = [], metadata }: { readonly items?: readonly ConfigMapLike[]; readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string } }, page: Omit<OpenPage, 'token'>): void {
    const state = [...this.model.at(page.rv ?? Infinity).values()].filter(({ name }) => name > page.after);
    const rest = state.filter(({ app }) => page.selects(app ?? ''));
    const names = items.map((item) => `${item.metadata.name}@${item.metadata.resourceVersion}`);
    expect(names).toEqual(rest.slice(0, page.limit).map(({ name, rv }) => `${name}@${rv}`));
    const token = metadata?.continue ?? '';
    if (token === '') return expect(names.length).toBe(rest.length);
    const last = items.at(-1)?.metadata.name ?? page.after;
    if (page.rv !== undefined) expect(metadata?.resourceVersion).toBe(String(page.rv));
    // An inconsistent continuation goes on consistently from the state that it was given.
    this.#pages.push({ ...page, token, after: last, rv: Number(metadata?.resourceVersion) });
  }

  async #next(): Promise<void> {
    const page = this.#pages.shift();
    if (!page) return;
    const { token, labelSelector, limit } = page;
    const { status, body } = await this.#client.ask('GET', { query: { labelSelector, limit, continue: token } });
    if (page.rv !== undefined && page.rv < this.#api.store.compactRevision) {
      expect([status, body.reason]).toEqual([410, 'Expired']);
      const fresh = await this.#client.ask('GET', { query: { labelSelector, limit, continue: body.metadata?.continue ?? '' } });
      expect(fresh.status).toBe(200);
      return this.#expectPage(fresh.body, { ...page, rv: undefined });
    }
    expect(status).toBe(200);
    this.#expectPage(body, page);
  }

  async #watch({ selector: at, version: wanted, initial, bookmarks }: Extract<Step, { type: 'watch' }>): Promise<void> {
    const { labelSelector, selects } = selectors[at]!;
    const rv = this.#rvOf(wanted);
    if (rv === undefined) return;
    const query = {
      labelSelector, resourceVersion: rv, allowWatchBookmarks: String(bookmarks),
      ...(initial ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {}),
    };
    const from = rv === '' || rv === '0' ? undefined : Number(rv);
    const begun = this.model.newest;
    const frames = await this.#client.watch(query, this.#stop.signal);
    const state = [...this.model.at(begun, selects).values()].map((entry) => `ADDED ${entry.name}@${entry.rv}`);
    const mayBeTooOld = !initial && from !== undefined && from < this.#api.store.compactRevision;
    const expected = (model: HistoryModel): string[] => {
      if (!initial && from !== undefined) return model.eventsAfter(from, selects);
      return [...state, ...(bookmarks ? ['SYNCED'] : []), ...model.eventsAfter(begun, selects)];
    };
    this.#watches.push({ frames, selects, expected, mayBeTooOld });
  }

  async #compact(back: number): Promise<void> {
    const { store } = this.#api;
    const revision = Math.max(0, store.revision - back);
    if (revision > store.compactRevision) await store.compact(revision);
  }

  /** Every watch has delivered exactly what the model says, in order. */
  async finish(): Promise<void> {
    for (const app of ['x', 'y']) await this.#write({ type: 'write', verb: 'create', name: `zz-${app}`, app, version: 'unset' });
    for (const { frames, expected, mayBeTooOld } of this.#watches) {
      const lines = expected(this.model);
      await frames.until((frame) => frame.type === 'ERROR' || lineOf(frame) === lines.at(-1));
      const [first] = frames.frames;
      if (mayBeTooOld && first?.type === 'ERROR') {
        await frames.ended;
        expect(frames.frames.map(({ type, object }) => [type, object.code])).toEqual([['ERROR', 410]]);
        continue;
      }
      expect(frames.frames.map(lineOf).filter((line) => line !== 'BOOKMARK')).toEqual(lines);
    }
    this.#stop.abort();
    await Promise.all(this.#watches.map(({ frames }) => frames.ended));
  }
}

describe('the API server', () => {
  let api: TestApiServer;
  let runs = 0;
  beforeAll(async () => {
    api = await startTestApiServer();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  it('agrees with a list of its writes, whatever is read, watched and compacted meanwhile', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const namespace = `run-${runs++}`;
        await api.transport.fetch({ method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ metadata: { name: namespace } }) });
        const run = new Run(api, namespace);
        for (const one of steps) await run.take(one);
        await run.finish();
      }),
      { timeout: 30_000, numRuns: Number(process.env['MODEL_RUNS'] ?? 100), ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
    );
  });
});
