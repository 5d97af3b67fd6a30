import { describe, expect, it } from 'vitest';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import { findResource } from '../../../kube/api/inventory.ts';
import { StatusError } from '../../../kube/apimachinery/status.ts';
import { hasReference, recordedSteps, type RecordedStep } from '../openapi/reference.test-data.ts';
import { decodeBody, type FieldValidation } from './decode-body.ts';

const configMap: GroupVersionKind = { group: '', version: 'v1', kind: 'ConfigMap' };

function decode(body: string, options: { contentType?: string; fieldValidation?: FieldValidation } = {}) {
  return decodeBody({ contentType: options.contentType ?? 'application/json', body: Buffer.from(body), expected: configMap, ...options });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  return '';
}

describe('decodeBody', () => {
  it('fills in the kind and warns of what it does not know', () => {
    const { object, warnings } = decode('{"metadata":{"name":"a","name":"b","foo":1},"data":{"k":"v"}}');
    expect(object).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { k: 'v' } });
    expect(warnings).toEqual(['duplicate field "metadata.name"', 'unknown field "metadata.foo"']);
  });

  it('tells of repeated and unknown fields in the order of the text, and looks into neither unknown nor raw ones', () => {
    const body = '{"foo":{"a":1,"a":2},"metadata":{"bar":1,"name":"a","name":"b","bar":2},"data":{"k":"v","k":"w"},"foo":3}';
    expect(decode(body).warnings).toEqual(['unknown field "foo"', 'unknown field "metadata.bar"', 'duplicate field "metadata.name"', 'duplicate field "data.k"']);
    const revision = { contentType: 'application/json', body: Buffer.from('{"revision":1,"revision":2,"data":{"a":1,"a":2}}'), expected: { group: 'apps', version: 'v1', kind: 'ControllerRevision' } };
    expect(decodeBody(revision).warnings).toEqual(['duplicate field "revision"']);
  });

  it('takes integers from digits alone, quantities as they are written, and floats in any form', () => {
    const of = (spec: string, kind = 'Pod') => () => decodeBody({ contentType: 'application/json', body: Buffer.from(`{"spec":${spec}}`), expected: { group: '', version: 'v1', kind } }).object['spec'];
    expect(messageOf(of('{"terminationGracePeriodSeconds":2.0}'))).toContain('cannot unmarshal number 2.0 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64');
    expect(messageOf(of('{"priority":1e3}'))).toContain('cannot unmarshal number 1e3 into Go struct field PodSpec.spec.priority of type int32');
    expect(messageOf(of('{"priority":99999999999999999999}'))).toContain('number 99999999999999999999 into');
    expect(messageOf(of('{"nodeName":2.0}'))).toContain('cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string');
    expect(messageOf(of('{"securityContext":2.0}'))).toContain('cannot unmarshal number into Go struct field PodSpec.spec.securityContext of type v1.PodSecurityContext');
    expect(of('{"resources":{"requests":{"storage":1e3}}}', 'PersistentVolumeClaim')()).toMatchObject({ resources: { requests: { storage: '1e3' } } });
    expect(of('{"activeDeadlineSeconds":1000000000000000}')()).toMatchObject({ activeDeadlineSeconds: 1_000_000_000_000_000 });
    const revision = decodeBody({ contentType: 'application/json', body: Buffer.from('{"revision":1,"data":{"a":[2.0,1.5]}}'), expected: { group: 'apps', version: 'v1', kind: 'ControllerRevision' } });
    expect(revision.object['data']).toEqual({ a: [2, 1.5] });
  });

  it('reads YAML 1.1', () => {
    expect(decode('metadata:\n  name: a\ndata:\n  k: |\n    x\n  t: 2020-01-01\n', { contentType: 'application/yaml' }).object).toMatchObject({ data: { k: 'x\n', t: '2020-01-01' } });
    expect(messageOf(() => decode('data: {k: yes}', { contentType: 'application/yaml' }))).toContain('cannot unmarshal bool into Go struct field ConfigMap.data of type string');
  });

  it('tells the problems of YAML in the order of the keys', () => {
    const { warnings } = decode('zeta: 1\nmetadata: {name: a, foo: 1, Bar: 2}\nAlpha: 1\n', { contentType: 'application/yaml' });
    expect(warnings).toEqual(['unknown field "Alpha"', 'unknown field "metadata.Bar"', 'unknown field "metadata.foo"', 'unknown field "zeta"']);
  });

  it('refuses aliases that blow up', () => {
    const levels = Array.from({ length: 12 }, (_, index) => `a${index}: &a${index} [${index === 0 ? 'x' : Array.from({ length: 9 }, () => `*a${index - 1}`).join(',')}]`);
    expect(messageOf(() => decode(levels.join('\n'), { contentType: 'application/yaml' }))).toContain('excessive aliasing');
  });

  it('survives hostile nesting', () => {
    expect(messageOf(() => decode(`{"x":${'['.repeat(20_000)}`))).toContain("invalid character '[' exceeded max depth");
  });

  it.skipIf(!hasReference())('answers bad bodies as the reference did', () => {
    const steps = [...recordedSteps('errors'), ...recordedSteps('fieldvalidation'), ...recordedSteps('negotiation')].filter(isBadCreate);
    expect(steps.length).toBeGreaterThan(30);
    const differences = steps.flatMap((step) => {
      const want = (step.response.body as { message: string }).message;
      // The recording's normaliser takes Go's time layout for a time.
      const got = messageOf(() => decodeStep(step)).replace('2006-01-02T15:04:05Z', '<time>');
      return got === want ? [] : [`${step.name}\n  want ${want}\n  got  ${got}`];
    });
    if (differences.length > 0) console.log(differences.join('\n'));
    expect(differences).toEqual([]);
  });
});

/** Creates that the decoder itself refuses. */
function isBadCreate({ method, path, body, response }: RecordedStep): boolean {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return method === 'POST' && [400, 415].includes(response.status) && !/\$\{(repeat|deep)|gzip/.test(text) && expectedKind(path) !== undefined && /cannot be handled as|unrecognized|unknown format|in the data/.test(JSON.stringify(response.body));
}

function expectedKind(path: string): GroupVersionKind | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/namespaces\/[^/]+\/([^/?]+)(?:\?|$)/.exec(path);
  const info = match && findResource(match[1] ?? '', match[2] ?? '', match[3] ?? '');
  return info ?? undefined;
}

function decodeStep({ path, body, headers }: RecordedStep): unknown {
  const expected = expectedKind(path) ?? configMap;
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  const fieldValidation = /fieldValidation=(Strict|Warn|Ignore)/.exec(path)?.[1] as FieldValidation | undefined;
  return decodeBody({ contentType: headers?.['Content-Type'] ?? 'application/json', body: Buffer.from(text), expected, ...(fieldValidation ? { fieldValidation } : {}) });
}
