import { describe, expect, it } from 'vitest';
import { FieldErrors } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { checkWebhookService, checkWebhookUrl } from './webhook-client.ts';

function problemsOf(url: string): string[] {
  const errors = new FieldErrors();
  checkWebhookUrl(url, new FieldPath('url'), errors);
  return errors.list.map(({ badValue, detail }) => `${String(badValue)}: ${detail}`);
}

describe('a webhook URL', () => {
  it('may have a host, a port and a path', () => {
    expect(problemsOf('https://hook.example:8443/validate')).toEqual([]);
  });

  it('must be https', () => {
    expect(problemsOf('http://hook.example/x')).toEqual(["http: 'https' is the only allowed URL scheme; desired format: https://host[/path]"]);
  });

  it('carries neither user nor query nor fragment', () => {
    expect(problemsOf('https://me@hook.example/x?a=b#top')).toEqual([
      'me: user information is not permitted in the URL',
      'top: fragments are not permitted in the URL',
      'a=b: query parameters are not permitted in the URL',
    ]);
  });
});

describe('a webhook service', () => {
  it('counts the segments of a path from zero, and ignores one slash at its end', () => {
    const errors = new FieldErrors();
    checkWebhookService({ name: 's', namespace: 'n', port: 443, path: '/a//b/' }, new FieldPath('service'), errors);
    expect(errors.list.map(({ field, detail }) => `${field} ${detail}`)).toEqual(['service.path segment[1] may not be empty']);
  });
});
