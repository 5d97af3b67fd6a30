import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type ClientHttp2Session } from 'node:http2';
import * as fc from 'fast-check';
import { configMap, lineOf } from './history-model.fixture.ts';
import { startTestApiServer, type TestApiServer } from './testing.ts';
import { Frames } from './watch-frames.fixture.ts';

const path = '/api/v1/namespaces/default/configmaps';
const names = ['a', 'b', 'c'];
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** One request and when it was under way, in the order of a clock that all clients share. */
interface Operation {
  readonly kind: 'create' | 'update' | 'delete' | 'get' | 'list';
  readonly name: string;
  readonly begun: number;
  readonly ended: number;
  readonly status: number;
  /** Of the answer: the version written or read; for a list, of the list. */
  readonly rv: number;
  /** An update's precondition. */
  readonly basedOn: number;
  /** name@version of a list's items. */
  readonly items: readonly string[];
}

let api: TestApiServer;
let url: string;
const sessions: ClientHttp2Session[] = [];
beforeAll(async () => {
  api = await startTestApiServer();
  ({ url } = await api.listen());
});
afterAll(async () => {
  sessions.forEach((session) => session.destroy());
  await api[Symbol.asyncDispose]();
});

function openSession(): ClientHttp2Session {
  const session = connect(url, { ca: api.certificates.ca });
  session.on('error', () => {});
  sessions.push(session);
  return session;
}

interface Reply {
  readonly status: number;
  readonly body: { readonly metadata?: { readonly resourceVersion?: string }; readonly items?: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[] };
}

async function ask(session: ClientHttp2Session, method: string, target: string, body?: object): Promise<Reply> {
  const stream = session.request({ ':method': method, ':path': target, authorization: `Bearer ${api.token}`, 'content-type': 'application/json' });
  stream.end(body && JSON.stringify(body));
  const status = new Promise<number>((resolve, reject) => stream.once('response', (headers) => resolve(Number(headers[':status']))).once('error', reject));
  const chunks = (await stream.toArray()) as Buffer[];
  return { status: await status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Reply['body'] };
}

/** Shared by all clients of the test: a logical clock. */
class History {
  readonly operations: Operation[] = [];
  #tick = 0;

  async record(operation: Pick<Operation, 'kind' | 'name'> & Partial<Operation>, run: () => Promise<Reply>): Promise<Operation> {
    const begun = this.#tick++;
    const { status, body } = await run();
    const items = (body.items ?? []).map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
    const done = { basedOn: 0, ...operation, begun, ended: this.#tick++, status, rv: Number(body.metadata?.resourceVersion ?? 0), items };
    this.operations.push(done);
    return done;
  }
}

async function client(history: History, choices: readonly number[]): Promise<void> {
  const session = openSession();
  const known = new Map<string, number>();
  for (const choice of choices) {
    const name = names[choice % names.length]!;
    // Version 0 would be no precondition.
    const rv = known.get(name) ?? 1;
    const target = `${path}/${name}`;
    const run = {
      0: () => history.record({ kind: 'create', name }, () => ask(session, 'POST', path, configMap(name, `${choice}`))),
      1: () => history.record({ kind: 'update', name, basedOn: rv }, () => ask(session, 'PUT', target, configMap(name, `${choice}`, String(rv)))),
      2: () => history.record({ kind: 'delete', name }, () => ask(session, 'DELETE', target)),
      3: () => history.record({ kind: 'list', name: '' }, () => ask(session, 'GET', path)),
    }[Math.floor(choice / names.length) % 8] ?? (() => history.record({ kind: 'get', name }, () => ask(session, 'GET', target)));
    const { status, rv: seen, kind } = await run();
    if (status < 300 && kind !== 'list' && kind !== 'delete') known.set(name, seen);
    if (kind === 'get' && status === 200 && choice % 2 === 0) await history.record({ kind: 'update', name, basedOn: seen }, () => ask(session, 'PUT', target, configMap(name, `u${choice}`, String(seen))));
  }
}

/** The versions of each object in order, as a watch from the beginning told them; version 0 is none. */
function versionsOf(lines: readonly string[]): Map<string, { readonly rv: number; readonly exists: boolean }[]> {
  const versions = new Map(names.map((name) => [name, [{ rv: 0, exists: false }]]));
  for (const line of lines) {
    const [, type = '', name = '', rv = ''] = /^(\w+) (\S+)@(\d+)$/.exec(line) ?? [];
    versions.get(name)?.push({ rv: Number(rv), exists: type !== 'DELETED' });
  }
  return versions;
}

test(`concurrent clients see one history (SEED=${seed})`, { timeout: 120_000 }, async () => {
  const history = new History();
  const watcher = openSession();
  const { body: before } = await ask(watcher, 'GET', path);
  const watch = async (): Promise<Frames> => {
    const stream = watcher.request({ ':path': `${path}?watch=1&resourceVersion=${before.metadata?.resourceVersion}`, authorization: `Bearer ${api.token}` });
    stream.on('error', () => {});
    return new Frames({ body: stream as AsyncIterable<Buffer> });
  };
  const early = await watch();
  const plans = fc.sample(fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }), { numRuns: 12, seed });
  await Promise.all(plans.map((choices) => client(history, choices)));
  const marker = await history.record({ kind: 'create', name: 'marker' }, () => ask(watcher, 'POST', path, configMap('marker', 'm')));
  const late = await watch();
  const isMarker = (frame: Parameters<typeof lineOf>[0]): boolean => lineOf(frame) === `ADDED marker@${marker.rv}`;
  await Promise.all([early.until(isMarker), late.until(isMarker)]);
  const lines = early.frames.map(lineOf);

  // A watcher that was there and one that came afterwards were told the same, in the order of versions, each once.
  expect(late.frames.map(lineOf)).toEqual(lines);
  const told = lines.map((line) => Number(line.split('@')[1]));
  expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b));

  const { operations } = history;
  // An update that changes nothing keeps the version.
  const writes = operations.filter(({ kind, status, rv, basedOn }) => (kind === 'create' || kind === 'update') && status < 300 && rv !== basedOn);
  expect(writes.length).toBeGreaterThan(50);
  // Every acknowledged write is in it, and no other.
  expect(lines.filter((line) => !line.startsWith('DELETED')).length).toBe(new Set(writes.map(({ rv }) => rv)).size);
  for (const { name, rv } of writes) expect(lines.some((line) => line.endsWith(` ${name}@${rv}`))).toBe(true);
  expect(operations.filter(({ kind, status }) => kind === 'delete' && status === 200).length).toBe(lines.filter((line) => line.startsWith('DELETED')).length);

  // Versions grow in real time: a write that began after another had ended is newer.
  const byBeginning = writes.toSorted((a, b) => a.begun - b.begun);
  for (const one of byBeginning) expect(Math.max(0, ...writes.filter(({ ended }) => ended < one.begun).map(({ rv }) => rv))).toBeLessThan(one.rv);

  const versions = versionsOf(lines);
  for (const operation of operations) {
    const { kind, name, status, rv, basedOn, begun, ended } = operation;
    const all = versions.get(name) ?? [];
    const at = all.findIndex((version) => version.rv === rv);
    // An update succeeds on exactly the version that it names.
    if (kind === 'update' && status === 200 && rv !== basedOn) expect(all[at - 1]).toEqual({ rv: basedOn, exists: true });
    if (kind === 'create' && status === 201 && name !== 'marker') expect(all[at - 1]?.exists).toBe(false);
    // A read sees no less than what was acknowledged before it began, and nothing that began after it ended.
    const floor = Math.max(0, ...writes.filter((write) => write.ended < begun && (kind === 'list' || write.name === name)).map((write) => write.rv));
    const future = writes.filter((write) => write.begun > ended).map((write) => write.rv);
    if ((kind === 'get' || kind === 'list') && status === 200) {
      expect(rv).toBeGreaterThanOrEqual(floor);
      expect(future).not.toContain(rv);
    }
    if (kind !== 'list') continue;
    const state = names.flatMap((each) => (versions.get(each) ?? []).findLast((version) => version.rv <= rv && version.rv > 0) ?? []).filter(({ exists }) => exists);
    expect(operation.items.map((item) => Number(item.split('@')[1])).toSorted()).toEqual(state.map((version) => version.rv).toSorted());
  }
});
