import { fieldInvalid, fieldRequired, type FieldError } from './field-error.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, regexError } from './name-validation.ts';

/** Checks of fully qualified names, which report field errors (upstream: apimachinery/pkg/util/validation). */

/** At least three segments, no trailing dot. */
export function validateFullyQualifiedName(name: string, path: string): FieldError[] {
  if (name === '') return [fieldRequired(path)];
  const messages = isDns1123Subdomain(name);
  if (messages.length > 0) return [fieldInvalid(path, name, messages.join(','))];
  if (name.split('.').length >= 3) return [];
  return [fieldInvalid(path, name, 'should be a domain with at least three segments separated by dots')];
}

/** At least two segments; a trailing dot is fine. */
export function validateFullyQualifiedDomainName(fullName: string, path: string): FieldError[] {
  if (fullName === '') return [fieldRequired(path)];
  const name = fullName.endsWith('.') ? fullName.slice(0, -1) : fullName;
  const messages = isDns1123Subdomain(name);
  if (messages.length > 0) return [fieldInvalid(path, name, messages.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) return [fieldInvalid(path, name, 'should be a domain with at least two segments separated by dots')];
  const bad = labels.find((label) => isDns1123Label(label).length > 0);
  return bad === undefined ? [] : [fieldInvalid(path, bad, isDns1123Label(bad).join(','))];
}

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `acme.io/foo` */
export function validateDomainPrefixedPath(text: string, path: string): FieldError[] {
  if (text === '') return [fieldRequired(path)];
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) {
    return [fieldInvalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const errors = isDns1123Subdomain(host).map((message) => fieldInvalid(path, host, message));
  if (!new RegExp(`^${HTTP_PATH}$`).test(rest)) errors.push(fieldInvalid(path, rest, regexError('Invalid path', HTTP_PATH)));
  return errors;
}

export function validateDomainPrefixedKey(key: string, path: string): FieldError[] {
  if (key === '') return [fieldRequired(path)];
  const errors = isQualifiedName(key).map((message) => fieldInvalid(path, key, message));
  if (errors.length > 0 || key.includes('/')) return errors;
  return [fieldInvalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
