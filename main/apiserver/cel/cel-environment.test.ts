import { describe, expect, test } from 'vitest';
import { CelEnvironment, celLibrary, type Outcome } from './cel-environment.ts';
import { celOfJson, jsonOfCel } from './json-values.ts';
import { CelAuthorizer, AUTHORIZER_TYPE } from './library/authorizer.ts';
import { DYN, formatType, INT, listType, mapType, STRING, structType } from './types.ts';

const library = celLibrary();
const environment = new CelEnvironment({
  library,
  variables: { object: DYN, request: structType('request'), authorizer: AUTHORIZER_TYPE, numbers: listType(INT), labels: mapType(STRING, STRING) },
  provider: { hasType: (name) => name === 'request' || name === 'Object', fieldType: (type, field) => (type === 'request' && field === 'name' ? STRING : type === 'Object' && field === 'spec' ? DYN : undefined) },
});
const object = celOfJson({ spec: { replicas: 3, names: ['b', 'a'], weights: [1, 2, 3], empty: null }, metadata: { name: 'x', labels: { a: 'b' } } });

function run(source: string): Outcome {
  const { program, problem } = environment.compile(source);
  if (!program) throw new Error(problem);
  return program.evaluateNow({ object, numbers: [1n, 2n, 2n], labels: celOfJson({ app: 'x' }) });
}

function valueOf(source: string): unknown {
  const outcome = run(source);
  if (outcome.error !== undefined) throw new Error(outcome.error);
  return jsonOfCel(outcome.value);
}

describe('CEL expressions evaluate', () => {
  test.each([
    ['object.spec.replicas > 2', true],
    ['object.spec.replicas == 3.0', true],
    ['has(object.spec.nope)', false],
    ['has(object.spec.empty) && object.spec.empty == null', true],
    ['object.metadata.labels.all(k, k == "a" || k == "b")', true],
    ['object.spec.weights.sum()', 6],
    ['object.spec.weights.max()', 3],
    ['[1, 2, 2].distinct()', [1, 2]],
    ['object.spec.names.isSorted()', false],
    ['object.spec.names.map(n, n + "!")', ['b!', 'a!']],
    ['numbers.map(n, n > 1, n * 10)', [20, 20]],
    ['object.spec.names.filter(n, n == "a")', ['a']],
    ['numbers.exists_one(n, n == 1)', true],
    ['["b", "a"].sort() + ["c"]', ['a', 'b', 'c']],
    ['[{"n": 2}, {"n": 1}].sortBy(e, e.n).map(e, e.n)', [1, 2]],
    ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 2)', { b: 4 }],
    ['[5, 6].transformList(i, v, i + v)', [5, 7]],
    ['{"a": 1}.transformMapEntry(k, v, {string(v): k})', { 1: 'a' }],
    ['[1, 2].all(i, v, i < v)', true],
    ['"abc".matches("^a.c$")', true],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"%s has %d, %.2f, %x, %s".format(["x", 3, 1234.5, 255, [1, "a"]])', 'x has 3, 1,234.50, ff, [1, "a"]'],
    ['quantity("1Gi").isGreaterThan(quantity("500Mi"))', true],
    ['quantity("1") == quantity("1000m")', true],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', true],
    ['cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8") && ip.isCanonical("::1") && type(ip("::1")) == net.IP', true],
    ['ip("::1").isLoopback()', true],
    ['url("https://h:1/p?q=1").getPort()', '1'],
    ['sets.contains([1, 2], [2])', true],
    ['semver("1.2.3").minor() == 2 && semver("1.0.0-rc.2").isLessThan(semver("1.0.0")) && !isSemver("v1") && isSemver("v1", true)', true],
    ['format.dns1123Label().validate("a_b").hasValue()', true],
    ['object.spec.?nope.orValue("none")', 'none'],
    ['object.?spec.?replicas.optMap(r, r + 1).value()', 4],
    ['[?object.?nope, object.spec.replicas]', [3]],
    ['Object{spec: {"replicas": 4}}', { spec: { replicas: 4 } }],
    ['"/a/" + jsonpatch.escapeKey("b/c")', '/a/b~1c'],
    ['duration("90s") > duration("1m") && string(duration("90s")) == "90s"', true],
    ['timestamp("2023-12-25T00:00:00Z").getFullYear() == 2023 && timestamp("2023-12-25T00:30:00Z").getHours("-01:00") == 23', true],
    ['7u % 2u == 1u && -7 / 2 == -3', true],
    ['false && object.nope || true', true],
    ['object.nope || true', true],
    ['[1, 0].all(i, 1 / (i - 1) == 1 || i == 5)', false],
    ['"héllo".size() + b"h\\xff".size()', 7],
    ['string(1000000.0) + string(0.5)', '1e+060.5'],
    ['object.spec.replicas == 3 ? "three" : "other"', 'three'],
  ])('%s', (source, expected) => {
    expect(valueOf(source)).toEqual(expected);
  });

  test.each([
    ['object.spec.zz == "x"', 'no such key: zz'],
    ['labels["q"] == "" || labels["r"] == ""', 'no such key: q'],
    ['numbers[5] == 1', 'index out of bounds: 5'],
    ['labels["q"] == ""', 'no such key: q'],
    ['1 / (numbers[0] - 1) == 1', 'division by zero'],
    ['9223372036854775807 + numbers[0] == 1', 'integer overflow'],
    ['object.spec.replicas + "a" == "b"', 'no such overload'],
    ['object.spec.replicas.startsWith("a")', 'no such overload: startsWith(int, string)'],
    ['int("x") == 1', "type conversion error from 'string' to 'int'"],
    ['optional.none().value() == 1', 'optional.none() dereference'],
    ['{"a": 1, "a": 2}.size() == 1', 'failed with repeated key: a'],
  ])('%s fails with %s', (source, error) => {
    expect(run(source)).toMatchObject({ error, isCostLimit: false });
  });
});

describe('CEL expressions do not compile', () => {
  test.each([
    ['nothing == 1', "undeclared reference to 'nothing' (in container '')", '1:1'],
    ['object.spec.replicas.foo()', "undeclared reference to 'foo' (in container '')", '1:25'],
    ['1 == "1"', "found no matching overload for '_==_' applied to '(int, string)'", '1:3'],
    ['request.size() == 1', "found no matching overload for 'size' applied to 'request.()'", '1:13'],
    ['request.nope', "undefined field 'nope'", '1:8'],
    ['request.name.nope', "type 'string' does not support field selection", '1:13'],
    ['numbers && true', "expected type 'bool' but found 'list(int)'", '1:1'],
    ['[1, "a"]', "expected type 'int' but found 'string'", '1:5'],
    ['numbers.all(request.name, true)', 'argument must be a simple name', '1:20'],
    ['has(numbers)', 'invalid argument to has() macro', '1:5'],
    ['request.name.all(x, true)', "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)", '1:8'],
    ['timestamp("yesterday") == timestamp("2020-01-01T00:00:00Z")', 'invalid timestamp argument', '1:11'],
    ['"a".matches("[")', 'invalid matches argument', '1:13'],
    ['"%d".format(["x"])', 'error during formatting: decimal clause can only be used on integers, was given string', '1:14'],
    ['object.', "Syntax error: no viable alternative at input '.'", '1:8'],
    ['object.(', "Syntax error: no viable alternative at input '.('", '1:8'],
    ['Object{', "Syntax error: mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}", '1:8'],
    ['true true', "Syntax error: extraneous input 'true' expecting <EOF>", '1:6'],
    ['(1 == 1', "Syntax error: missing ')' at '<EOF>'", '1:8'],
    ['1 == 1 @', "Syntax error: token recognition error at: '@'", '1:8'],
    ['var == 1', 'reserved identifier: var', '1:1'],
    ['object.true', "Syntax error: mismatched input 'true' expecting IDENTIFIER", '1:8'],
  ])('%s', (source, message, place) => {
    expect(environment.compile(source).problem).toContain(`ERROR: <input>:${place}: ${message}\n | ${source}\n | `);
  });

  test.each<[string, ...string[]]>([
    ['(request, 1 > 0)', "1:9: Syntax error: mismatched input ',' expecting ')'", "1:16: Syntax error: extraneous input ')' expecting <EOF>"],
    ['[1 2, 3 4].size() == 2', "1:4: Syntax error: extraneous input '2' expecting {']', ','}", "1:7: Syntax error: mismatched input '3' expecting ']'"],
    ['- == 3', "1:3: Syntax error: no viable alternative at input '- =='", "1:3: Syntax error: extraneous input '==' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"],
    ['!(request. || true) && true', "1:12: Syntax error: no viable alternative at input '. ||'", "1:19: Syntax error: mismatched input ')' expecting <EOF>"],
    ['{"a": 1,', "1:9: Syntax error: missing '}' at '<EOF>'"],
    ['[1,,3]', "1:4: Syntax error: mismatched input ',' expecting ']'"],
    ['"\\q" == 1', "1:1: Syntax error: token recognition error at: '\"\\q'", "1:4: Syntax error: token recognition error at: '\" == 1'", "1:10: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"],
  ])('%s is read on after an error, as cel-go reads on', (source, ...problems) => {
    const shown = environment.compile(source).problem ?? '';
    expect(shown.split('\n').filter((line) => line.startsWith('ERROR')).map((line) => line.slice('ERROR: <input>:'.length))).toEqual(problems);
  });

  test('240 parentheses within one another are read, 260 are too many', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}true${')'.repeat(depth)}`;
    expect(environment.compile(nested(240)).problem).toBeUndefined();
    expect(environment.compile(nested(260)).problem).toBe('ERROR: <input>:-1:0: expression recursion limit exceeded: 250');
    expect(environment.compile('('.repeat(240)).problem).toContain('Syntax error');
  });

  test('every problem is shown, in the order of the source', () => {
    expect(environment.compile('a == 1 &&\n b == "ü"').problem).toBe(
      "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a == 1 &&\n | ^\nERROR: <input>:2:2: undeclared reference to 'b' (in container '')\n |  b == \"ü\"\n | .^",
    );
  });

  test('deep nesting is refused', () => {
    expect(environment.compile(`${'('.repeat(300)}1${')'.repeat(300)}`).problem).toBe('ERROR: <input>:-1:0: expression recursion limit exceeded: 250');
  });
});

describe('costs', () => {
  test.each([
    ['object.spec.replicas == 3', 4],
    ['numbers.all(n, n > 0)', 17],
    ['"abcdefghij".contains("b")', 1],
    ['[1, 2].size() == 2', 12],
    ['has(object.spec.names)', 2],
  ])('of evaluating %s', (source, cost) => {
    expect(run(source).cost).toBe(cost);
  });

  test('end an evaluation that goes on for long', () => {
    expect(run('lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0))')).toMatchObject({ error: 'operation cancelled: actual cost limit exceeded', isCostLimit: true });
  });

  test.each([
    ['numbers.all(n, n > 0)', 10, { min: 2, max: 52 }],
    ['labels["a"].startsWith("b")', 5, { min: 3, max: 3 }],
    ['numbers.exists(n, numbers.exists(m, m == n))', 10, { min: 2, max: 762 }],
  ])('of %s are estimated from the sizes of the data', (source, size, expected) => {
    const { program } = environment.compile(source);
    expect(program?.estimate((path) => (path[0] === 'numbers' && path.length === 1 ? { min: 0, max: size } : undefined))).toEqual(expected);
  });
});

test('a program knows its type and its variables', () => {
  const { program } = environment.compile('numbers.map(n, string(n)) + [request.name]');
  expect(program && formatType(program.type)).toBe('list(string)');
  expect([...(program?.variables ?? [])]).toEqual(['numbers', 'request']);
});

test('the authorizer is asked once for each question, and waited for', async () => {
  let asked = 0;
  const authorizer = new CelAuthorizer({
    authorizer: {
      authorize({ verb, resource }) {
        asked++;
        return Promise.resolve({ decision: verb === 'get' && resource === 'pods' ? 'allow' as const : 'noOpinion' as const, reason: '' });
      },
    },
    user: { name: 'u', groups: [] },
  });
  const { program } = environment.compile('authorizer.group("").resource("pods").check("get").allowed() && !authorizer.group("").resource("pods").check("list").allowed()');
  expect(await program?.evaluate({ authorizer })).toMatchObject({ value: true });
  expect(await program?.evaluate({ authorizer })).toMatchObject({ value: true });
  expect(asked).toBe(2);
});
