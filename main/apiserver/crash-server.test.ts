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
    const child = spawn(process.execPath, ['--no-warnings', serverPath, join(directory, 'state.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
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

test(`kill -9 loses no acknowledged write, and a watch goes on exactly where it was, ${rounds} times over`, { timeout: 120_000 + rounds * 60_000 }, async () => {
  const acknowledged = new Set<string>();
  const seen: string[] = [];
  let version = '';
  for (let round = 0; round < rounds; round++) {
    const life = await Life.begin();
    if (version === '') version = (await life.ask('GET', path))!.body.metadata.resourceVersion;
    const frames = life.watch(version);
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; ; turn++) {
        const name = `round-${round}-${writer}-${turn}`;
        const reply = await life.ask('POST', path, { metadata: { name } });
        if (reply?.status !== 201) return;
        acknowledged.add(`${name}@${reply.body.metadata.resourceVersion}`);
      }
    };
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    await wait(200 + ((round * 379) % 700));
    await life[Symbol.asyncDispose]();
    await Promise.all([writing, frames.ended]);
    for (const { object: { metadata } } of frames.frames) {
      seen.push(`${metadata.name}@${metadata.resourceVersion}`);
      version = metadata.resourceVersion;
    }
  }
  await using last = await Life.begin();
  const { body } = (await last.ask('GET', path))!;
  const stored = (body.items ?? []).map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).filter((one) => one.startsWith('round-'));
  expect([...acknowledged].filter((one) => !stored.includes(one))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(rounds);
  // Whatever is stored was told exactly once, in the order of versions: the last part of it by this watch.
  const frames = last.watch(version);
  const missing = stored.length - seen.length;
  // The watch of the last round may have told everything; until() waits for a frame.
  if (missing > 0) await frames.until(() => frames.frames.length >= missing);
  seen.push(...frames.frames.map(({ object: { metadata } }) => `${metadata.name}@${metadata.resourceVersion}`));
  const versionOf = (one: string): number => Number(one.split('@')[1]);
  expect(seen).toEqual(stored.toSorted((a, b) => versionOf(a) - versionOf(b)));
});
