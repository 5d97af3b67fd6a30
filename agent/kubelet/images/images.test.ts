import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import type { Secret } from '../../../kube/api/generated/core/v1.ts';
import { FakeRuntime } from '../../runtime/fake.ts';
import type { EventNote } from '../events.ts';
import { testContainer, testPod } from '../testing.ts';
import { candidates } from './image-gc.ts';
import { ImageManager } from './image-manager.ts';
import { canonicalImageName, defaultPullPolicy } from './image-name.ts';
import { pullCredentials } from './pull-credentials.ts';

describe('image names', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest', 'Always'], ['nginx:1.27', 'docker.io/library/nginx:1.27', 'IfNotPresent'], ['me/app', 'docker.io/me/app:latest', 'Always'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10', 'IfNotPresent'], ['localhost:5000/x', 'localhost:5000/x:latest', 'Always'],
    [`a@sha256:${'0'.repeat(64)}`, `docker.io/library/a@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ])('%s is %s and pulled %s', (image, canonical, policy) => {
    expect(canonicalImageName(image)).toBe(canonical);
    expect(defaultPullPolicy(image)).toBe(policy);
  });
  it.each(['Bad Image', 'UPPER', 'a:b:c', ''])('%j is no image', (image) => expect(canonicalImageName(image)).toBeUndefined());
});

describe('pull secrets', () => {
  const secret = (auths: object): Secret => ({ data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') } }) as unknown as Secret;
  const auth = Buffer.from('user:pa:ss').toString('base64');
  it('fit their registry, the most specific first', () => {
    const secrets = [secret({ 'r.example': { username: 'general', password: 'x' }, 'r.example/team': { auth } }), secret({ 'other.example': { auth } })];
    expect(pullCredentials('r.example/team/app', secrets).map(({ username, password }) => [username, password])).toEqual([['user', 'pa:ss'], ['general', 'x']]);
    expect(pullCredentials('nginx', [secret({ 'https://index.docker.io/v1/': { auth } })])).toHaveLength(1);
    expect(pullCredentials('nginx', [{ data: { '.dockerconfigjson': 'bm90IGpzb24=' } } as unknown as Secret])).toEqual([]);
  });
});

describe('ImageManager', () => {
  const setUp = () => {
    const clock = new VirtualClock();
    const runtime = new FakeRuntime({ nowMs: () => clock.now() });
    const notes: EventNote[] = [];
    const manager = new ImageManager({ images: runtime, clock, events: { pod: (_pod, note) => void notes.push(note), node: () => undefined } });
    const ensure = (overrides: Parameters<typeof testContainer>[1] = {}) => manager.ensureImage({ pod: testPod(), container: testContainer('main', overrides), sandboxConfig: {} as never, secrets: [], signal: new AbortController().signal });
    return { clock, runtime, notes, ensure };
  };

  it('pulls what is missing and says so', async () => {
    const { runtime, notes, ensure } = setUp();
    await ensure();
    expect(runtime.calls).toEqual(['pullImage docker.io/library/busybox:1']);
    expect(notes.map(({ message }) => message)).toEqual(['Pulling image "busybox:1"', expect.stringMatching(/^Successfully pulled image "busybox:1" in .+ \(.+ including waiting\)\. Image size: 1000 bytes\.$/)]);
    await ensure();
    expect(notes.at(-1)?.message).toBe('Container image "busybox:1" already present on machine and can be accessed by the pod');
  });

  it('fails with ErrImagePull, then ImagePullBackOff, and tries again when that is over', async () => {
    const { clock, runtime, notes, ensure } = setUp();
    let tries = 0;
    runtime.onPull = () => {
      tries++;
      throw new Error('no such host');
    };
    await expect(ensure()).rejects.toMatchObject({ reason: 'ErrImagePull' });
    await expect(ensure()).rejects.toMatchObject({ reason: 'ImagePullBackOff', message: expect.stringContaining('Back-off pulling image "busybox:1": ErrImagePull: ') as string, retryAfterMs: 10_000 });
    expect([tries, notes.at(-1)?.reason]).toEqual([1, 'BackOff']);
    await clock.advance(10_000);
    await expect(ensure()).rejects.toMatchObject({ reason: 'ErrImagePull', retryAfterMs: 20_000 });
    expect(tries).toBe(2);
  });

  it('lets a pod go that is deleted while its image is pulled', async () => {
    const { runtime } = setUp();
    const never = Promise.withResolvers<string>();
    runtime.pullImage = () => never.promise;
    const manager = new ImageManager({ images: runtime, clock: new VirtualClock(), events: { pod: () => undefined, node: () => undefined } });
    const stop = new AbortController();
    const waiting = manager.ensureImage({ pod: testPod(), container: testContainer('main'), sandboxConfig: {} as never, secrets: [], signal: stop.signal });
    stop.abort(new Error('the pod is ending'));
    await expect(waiting).rejects.toThrow('the pod is ending');
  });

  it('lets pods that want the same image share one pull', async () => {
    const { runtime, ensure } = setUp();
    await Promise.all([ensure(), ensure()]);
    expect(runtime.calls).toHaveLength(1);
  });
});

it('image garbage is what nobody uses, longest unused first, never the sandbox image', () => {
  const image = (id: string, tag: string) => ({ id, repoTags: [tag], repoDigests: [], size: 1, username: '', pinned: false });
  const seen = new Map([['a', { firstSeenMs: 0, lastUsedMs: 50 }], ['b', { firstSeenMs: 0, lastUsedMs: 10 }], ['c', { firstSeenMs: 90, lastUsedMs: 90 }]]);
  const all = [image('a', 'x/a:1'), image('b', 'x/b:1'), image('c', 'x/c:1'), image('d', 'x/d:1'), image('e', 'registry.k8s.io/pause:3.10')];
  expect(candidates({ all, used: new Set(['d']), seen, nowMs: 100, minimumAgeMs: 50 }).map(({ id }) => id)).toEqual(['b', 'a']);
});
