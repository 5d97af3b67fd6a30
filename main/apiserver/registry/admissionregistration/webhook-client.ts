import type * as admission from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { isDns1123Subdomain, isValidPortNumber } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

const FORM = '; desired format: https://host[/path]';
/** Scheme, user, host, query and fragment of an absolute URL. */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?:\/\/(?:([^\/?#@]*)@)?([^\/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/v;

export const DEFAULT_WEBHOOK_PORT = 443;

export function checkWebhookUrl(url: string, path: FieldPath, errors: FieldErrors): void {
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(url)?.[0];
  if (escape !== undefined) {
    errors.required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: invalid URL escape ${JSON.stringify(escape)}${FORM}`);
    return;
  }
  const parts = URL_PARTS.exec(url);
  if (parts === null) {
    errors.required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: invalid URL${FORM}`);
    return;
  }
  const [, scheme = '', user, host = '', query = '', fragment = ''] = parts;
  if (scheme.toLowerCase() !== 'https') errors.invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`);
  if (host === '') errors.invalid(path, host, `host must be specified${FORM}`);
  if (user !== undefined) errors.invalid(path, user, 'user information is not permitted in the URL');
  if (fragment !== '') errors.invalid(path, fragment, 'fragments are not permitted in the URL');
  if (query !== '') errors.invalid(path, query, 'query parameters are not permitted in the URL');
}

export function checkWebhookService(service: admission.ServiceReference, path: FieldPath, errors: FieldErrors): void {
  const { name = '', namespace = '', path: urlPath, port = 0 } = service;
  if (name === '') errors.required(path.child('name'));
  if (namespace === '') errors.required(path.child('namespace'));
  const problems = isValidPortNumber(port);
  if (problems.length > 0) errors.invalid(path.child('port'), port, `port is not valid: ${problems.join(', ')}`);
  checkServicePath(urlPath, path.child('path'), errors);
}

function checkServicePath(text: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (text === undefined || text === '' || text === '/') return;
  if (text === '//') {
    errors.invalid(path, text, 'segment[0] may not be empty');
    return;
  }
  if (!text.startsWith('/')) errors.invalid(path, text, "must start with a '/'");
  const inner = text.endsWith('/') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  for (const [index, step] of inner.split('/').entries()) {
    if (step === '') errors.invalid(path, text, `segment[${index}] may not be empty`);
    else for (const problem of isDns1123Subdomain(step)) errors.invalid(path, text, `segment[${index}]: ${problem}`);
  }
}
