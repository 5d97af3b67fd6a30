import { describe, expect, it } from 'vitest';
import { StatusError } from '../../../kube/apimachinery/status.ts';
import { hasReference, recordedSteps } from '../openapi/reference.test-data.ts';
import { negotiateResponse, negotiateWatch } from './negotiate.ts';

describe('negotiateResponse', () => {
  const cases: readonly { readonly accept: string; readonly format: string }[] = [
    { accept: '', format: 'json' },
    { accept: '*/*', format: 'json' },
    { accept: 'application/json;q=0.1,application/yaml', format: 'yaml' },
    { accept: 'application/vnd.kubernetes.protobuf,application/json', format: 'protobuf' },
    { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', format: 'json' },
    { accept: 'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/yaml', format: 'yaml' },
  ];
  it.each(cases)('answers $format to "$accept"', ({ accept, format }) => {
    expect(negotiateResponse(accept).format).toBe(format);
  });

  it('gives custom resources no protobuf', () => {
    expect(negotiateResponse('application/vnd.kubernetes.protobuf,application/json', { protobuf: false }).format).toBe('json');
  });

  it('streams protobuf frames under their own type', () => {
    const media = negotiateWatch('application/vnd.kubernetes.protobuf;stream=watch');
    expect(media.watchContentType).toBe('application/vnd.kubernetes.protobuf;stream=watch');
  });

  it('names the streams there are when a watch asks for something else', () => {
    const streams = 'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
    expect(() => negotiateWatch('application/yaml')).toThrow(streams);
    // What cannot be an answer at all is refused before.
    expect(() => negotiateWatch('application/json;as=Table;v=v9;g=meta.k8s.io')).toThrow('accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf');
  });

  it('offers protobuf of custom resources for their metadata alone', () => {
    const type = 'application/vnd.kubernetes.protobuf';
    expect(() => negotiateResponse(type, { protobuf: false })).toThrow('accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf');
    expect(negotiateResponse(`${type};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, { protobuf: false }).format).toBe('protobuf');
  });

  it('indents for true values of pretty', () => {
    const pretty = (prettyQuery: string): boolean => negotiateResponse('application/json', { prettyQuery }).pretty;
    expect(['1', 'true', 'T', '0', 'x', 'yes'].map(pretty)).toEqual([true, true, true, false, false, false]);
  });

  it.skipIf(!hasReference())('answers as the reference did', () => {
    const steps = recordedSteps('negotiation').filter(({ name, method, headers }) => /^(get|list) with Accept/.test(name) && method === 'GET' && headers);
    expect(steps.length).toBeGreaterThan(20);
    for (const { name, headers, path, response } of steps) {
      const offer = { canWatch: !/\/configmaps\/a/.test(path) };
      try {
        const media = negotiateResponse(headers?.['Accept'], offer);
        expect(response.headers?.['content-type'], name).toBe(media.contentType);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        expect(error.status, name).toEqual(response.body);
      }
    }
  });
});
