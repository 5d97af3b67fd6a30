import { describe, expect, it } from 'vitest';
import { formatDuration, humanDuration, parseDuration } from './duration.ts';
import { scaledValue } from './int-or-string.ts';
import { deepCopy, deepEqual, deepFreeze } from './json.ts';
import { isDns1035Label, isDns1123Label, isQualifiedName, isValidPortName } from './name-validation.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('durations', () => {
  it.each([
    ['1h30m', 5_400_000, '1h30m0s'],
    ['250ms', 250, '250ms'],
    ['1.5s', 1500, '1.5s'],
    ['-2m', -120_000, '-2m0s'],
    ['0', 0, '0s'],
  ])('%s', (text, ms, written) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(written);
  });
  it('refuses a missing or unknown unit', () => {
    expect(() => parseDuration('5')).toThrow('time: missing unit in duration "5"');
    expect(() => parseDuration('5x')).toThrow('time: unknown unit "x" in duration "5x"');
  });
  it('tells ages as kubectl does', () => {
    expect([5_000, 190_000, 600_000, 3 * 3_600_000, 50 * 3_600_000].map(humanDuration)).toEqual(['5s', '3m10s', '10m', '3h', '2d2h']);
  });
});

describe('int or string', () => {
  it('scales percentages', () => {
    expect(scaledValue('25%', { total: 10, roundUp: true })).toBe(3);
    expect(scaledValue('25%', { total: 10, roundUp: false })).toBe(2);
    expect(() => scaledValue('x', { total: 1, roundUp: true })).toThrow('invalid value for IntOrString: invalid type: string is not a percentage');
  });
});

describe('json', () => {
  it('compares without regard to order or undefined members', () => {
    expect(deepEqual({ a: 1, b: [{ c: undefined }] }, { b: [{}], a: 1 })).toBe(true);
    expect(deepEqual({ a: undefined, b: 1 }, { c: 1, b: 1 })).toBe(false);
  });
  it('copies even a member named __proto__ as data', () => {
    const value: unknown = JSON.parse('{"__proto__":{"x":1},"a":[1]}');
    const copy = deepCopy(deepFreeze(value));
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"x":1},"a":[1]}');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('names', () => {
  it('words its complaints as upstream', () => {
    expect(isDns1123Label('a.b')).toEqual(['must not contain dots']);
    expect(isDns1035Label('1a')[0]).toContain("(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
    expect(isQualifiedName('example.com/')).toHaveLength(2);
    expect(isValidPortName('http')).toEqual([]);
  });
});

describe('virtual clock', () => {
  it('runs timers in order and follows chained sleeps', async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.setTimer(20, () => seen.push('b'));
    clock.setTimer(10, () => seen.push('a'));
    const chain = (async () => {
      await clock.sleep(5);
      await clock.sleep(10);
      seen.push(`chain@${clock.now()}`);
    })();
    await clock.advance(30);
    await chain;
    expect(seen).toEqual(['a', 'chain@15', 'b']);
    expect(clock.pendingTimers).toBe(0);
  });
  it('rejects a sleep with the reason of its signal', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

it('a seed gives the same sequence again', () => {
  expect(new SeededRandom(7).uuid()).toBe(new SeededRandom(7).uuid());
  expect(new SeededRandom(7).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
