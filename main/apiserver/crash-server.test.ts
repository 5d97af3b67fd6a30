import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Frames } from './watch-frames.fixture.ts';

/** `CRASH_ROUNDS=50` for a long run. */
const rounds = Number(process.env['CRASH_ROUNDS'] ?? 3);
const serverPath = fileURLToPath(new URL('./crash-server.fixture.ts', import.meta.url));
const path = '/api/v1/namespaces/default/configmaps';
const authorization = 'Bearer test-admin-token';
const writers = 8;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-crash-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** One life of the API server, with a connection to it. */
class Life implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly session: ClientHttp2Session;

  private constructor(child: ChildProcess, session: ClientHttp2Session) {
    this.#child = child;
    this.session = session;
  }

  static async begin(): Promise<Life> {
    const child = spawn(process.execPath, ['--no-warnings', serverPath, join(directory, 'state.db')], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: directory } });
    const [port] = (await once(child.stdout!, 'data')) as [Buffer];
    // The certificate is another one in each life, and not what is tested.
    const session = connect(`https://127.0.0.1:${String(port).trim()}`, { rejectUnauthorized: false });
    session.on('error', () => {});
    return new Life(child, session);
  }

  /** Undefined when the server died over it: then nobody knows whether it happened. */
  async ask(method: string, target: string, body?: object): Promise<{ readonly status: number; readonly body: ListBody } | undefined> {
    const stream = this.session.request({ ':method': method, ':path': target, authorization, 'content-type': 'application/json' });
    const status = new Promise<number>((resolve) => stream.once('response', (headers) => resolve(Number(headers[':status']))));
    stream.end(body && JSON.stringify(body));
    try {
      const chunks = (await stream.toArray()) as Buffer[];
      return chunks.length === 0 ? undefined : { status: await status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as ListBody };
    } catch {
      return undefined;
    }
  }

  watch(resourceVersion: string): Frames {
    const stream = this.session.request({ ':path': `${path}?watch=1&resourceVersion=${resourceVersion}`, authorization });
    stream.on('error', () => {});
    return new Frames({ body: stream as AsyncIterable<Buffer> });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    this.session.destroy();
  }
}
interface ListBody {
  readonly metadata: { readonly resourceVersion: string };
  readonly items?: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
}

/** What a history of frames leaves, as `name@version`; each version comes once and after all earlier ones, or this throws. */
function replay(history: readonly Told[]): ReadonlySet<string> {
  const live = new Map<string, number>();
  let newest = 0;
  for (const { type, name, version } of history) {
    if (version <= newest) throw new Error(`${type} ${name}@${version} was told after version ${newest}`);
    if (live.has(name) === (type === 'ADDED')) throw new Error(`${type} ${name}@${version} does not go with what was told before`);
    newest = version;
    if (type === 'DELETED') live.delete(name);
    else live.set(name, version);
  }
  return new Set([...live].map(([name, version]) => `${name}@${version}`));
}
interface Told {
  readonly type: string;
  readonly name: string;
  readonly version: number;
}
const told = ({ frames }: Frames): readonly Told[] => frames.map(({ type, object: { metadata } }) => ({ type, name: metadata.name, version: Number(metadata.resourceVersion) }));

/** The answers of writers that create, change, and delete half of what they made, until the server is gone. */
class Writes {
  readonly versions = new Set<string>();
  readonly deleted = new Set<string>();

  async run(life: Life, prefix: string): Promise<void> {
    for (let turn = 0; ; turn++) {
      const name = `${prefix}-${turn}`;
      if (!(await this.#put(name, life.ask('POST', path, { metadata: { name } })))) return;
      if (!(await this.#put(name, life.ask('PUT', `${path}/${name}`, { metadata: { name }, data: { turn: String(turn) } })))) return;
      if (turn % 2 === 0) continue;
      const reply = await life.ask('DELETE', `${path}/${name}`);
      if (reply?.status !== 200) return;
      this.deleted.add(name);
    }
  }

  async #put(name: string, asked: ReturnType<Life['ask']>): Promise<boolean> {
    const reply = await asked;
    if (reply === undefined || reply.status > 201) return false;
    this.versions.add(`${name}@${reply.body.metadata.resourceVersion}`);
    return true;
  }
}

test(`kill -9 loses no acknowledged write, and a watch goes on exactly where it was, ${rounds} times over`, { timeout: 120_000 + rounds * 60_000 }, async () => {
  const writes = new Writes();
  const history: Told[] = [];
  let version = 0;
  for (let round = 0; round < rounds; round++) {
    const life = await Life.begin();
    const listed = Number((await life.ask('GET', `${path}?limit=1`))!.body.metadata.resourceVersion);
    expect(listed, `the newest version in round ${round}`).toBeGreaterThanOrEqual(version);
    if (version === 0) version = listed;
    const frames = life.watch(String(version));
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => writes.run(life, `round-${round}-${writer}`)));
    await wait(50 + ((round * 379) % 700));
    await life[Symbol.asyncDispose]();
    await Promise.all([writing, frames.ended]);
    history.push(...told(frames));
    version = history.at(-1)?.version ?? version;
  }
  await using last = await Life.begin();
  const { metadata, items = [] } = (await last.ask('GET', path))!.body;
  const stored = new Set(items.map((item) => `${item.metadata.name}@${item.metadata.resourceVersion}`).filter((one) => one.startsWith('round-')));
  // This write is the last thing that the watch tells.
  const frames = last.watch(String(version));
  await last.ask('POST', path, { metadata: { name: 'end' } });
  await frames.until(({ object }) => object.metadata.name === 'end');
  history.push(...told(frames).filter(({ name }) => name !== 'end'));
  expect(replay(history)).toEqual(stored);
  const versions = new Set(history.map((one) => `${one.name}@${one.version}`));
  expect([...writes.versions].filter((one) => !versions.has(one))).toEqual([]);
  const names = new Set([...stored].map((one) => one.split('@')[0]));
  expect([...writes.deleted].filter((name) => names.has(name))).toEqual([]);
  expect(Number(metadata.resourceVersion)).toBeGreaterThanOrEqual(version);
  expect(writes.versions.size).toBeGreaterThan(rounds);
});
