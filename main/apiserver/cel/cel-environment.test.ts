import { describe, expect, test } from 'vitest';
import { CelEnvironment, CelEvaluationError } from './cel-environment.ts';
import { CostBudget } from './cost-budget.ts';
import { celOfJson, jsonOfCel } from './values.ts';
import { CelAuthorizer } from './library/authorizer.ts';

const environment = new CelEnvironment({
  variables: { object: 'dyn', request: 'dyn', authorizer: 'kubernetes.authorization.Authorizer' },
  fields: { request: new Set(['operation']) },
});
const object = celOfJson({ spec: { replicas: 3, names: ['b', 'a'], weights: [1, 2, 3] }, metadata: { name: 'x', labels: { a: 'b' } } });

function evaluate(source: string): unknown {
  const { program, problem } = environment.compile(source);
  if (!program) throw new Error(problem);
  return program.evaluate({ object });
}

describe('CEL expressions', () => {
  test.each([
    ['object.spec.replicas > 2', true],
    ['object.spec.replicas == 3.0', true],
    ['has(object.spec.nope)', false],
    ['object.metadata.labels.all(k, k == "a" || k == "b")', true],
    ['object.spec.weights.sum()', 6],
    ['object.spec.weights.max()', 3],
    ['[1, 2, 2].distinct()', [1, 2]],
    ['object.spec.names.isSorted()', false],
    ['object.spec.names.map(n, n + "!")', ['b!', 'a!']],
    ['object.spec.names.filter(n, n == "a")', ['a']],
    ['"abc".matches("^a.c$")', true],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"%s has %d".format(["x", 3])', 'x has 3'],
    ['quantity("1Gi").isGreaterThan(quantity("500Mi"))', true],
    ['quantity("1") == quantity("1000m")', true],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', true],
    ['ip("::1").isLoopback()', true],
    ['url("https://h:1/p?q=1").getPort()', '1'],
    ['sets.contains([1, 2], [2])', true],
    ['semver("1.2.3").minor() == 2 && semver("1.0.0-rc.2").isLessThan(semver("1.0.0")) && !isSemver("v1")', true],
    ['object.spec.?nope.orValue("none")', 'none'],
    ['Object{spec: Object.spec{replicas: 4, list: [1]}}', { spec: { replicas: 4, list: [1] } }],
    ['[JSONPatch{op: "add", path: "/a/" + jsonpatch.escapeKey("b/c"), value: {"x": 1}}]', [{ op: 'add', path: '/a/b~1c', value: { x: 1 } }]],
    ['duration("90s") > duration("1m")', true],
  ])('%s', (source, expected) => {
    expect(jsonOfCel(evaluate(source))).toEqual(expected);
  });

  test.each([
    ['nothing == 1', "undeclared reference to 'nothing' (in container '')", '1:1'],
    ['object.spec.replicas.foo()', "undeclared reference to 'foo' (in container '')", '1:25'],
    ['1 == "1"', "found no matching overload for '_==_' applied to '(int, string)'", '1:3'],
    ['request.nope', "undefined field 'nope'", '1:8'],
    ['object.', "Syntax error: no viable alternative at input '.'", '1:8'],
    ['object.(', "Syntax error: no viable alternative at input '.('", '1:8'],
    ['Object{', "Syntax error: mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}", '1:8'],
  ])('%s does not compile', (source, message, place) => {
    expect(environment.compile(source).problem).toContain(`compilation failed: ERROR: <input>:${place}: ${message}\n | ${source}\n | `);
  });

  test('a result of the wrong type is a problem', () => {
    expect(environment.compile('1 + 1', ['bool']).problem).toBe('must evaluate to bool but got int');
    expect(environment.compile('1', ['string', 'null_type']).problem).toBe('must evaluate to one of [string null_type] but got int');
    expect(environment.compile('1', ['list(JSONPatch)']).problem).toBe('must evaluate to list(JSONPatch) but got int');
  });

  test('an absent field is an evaluation error in the words of cel-go', () => {
    expect(() => evaluate('object.spec.zz == "x"')).toThrow(new CelEvaluationError('no such key: zz'));
  });

  test('loops end when the budget is spent', () => {
    const { program } = environment.compile('[1,2,3,4,5].all(a, [1,2,3,4,5].all(b, a + b > 0))');
    expect(program?.evaluate({}, new CostBudget(1000))).toBe(true);
    expect(() => program?.evaluate({}, new CostBudget(20))).toThrow('operation cancelled: actual cost limit exceeded');
  });

  test('the authorizer is asked', async () => {
    const authorizer = new CelAuthorizer({
      authorizer: { authorize: ({ verb, resource }) => ({ decision: verb === 'get' && resource === 'pods' ? 'allow' : 'noOpinion', reason: '' }) },
      user: { name: 'u', groups: [] },
      request: { group: '', resource: 'pods' },
    });
    const { program, problem } = environment.compile('authorizer.group("").resource("pods").check("get").allowed() && !authorizer.requestResource.check("delete").allowed()', ['bool']);
    expect(problem).toBeUndefined();
    expect(await program?.evaluate({ authorizer })).toBe(true);
  });
});
