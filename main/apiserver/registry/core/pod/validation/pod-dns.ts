import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { maxLengthError, regexError } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLegacyIp } from '../../../validation/ip.ts';
import { isEmpty } from '../../../validation/values.ts';

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;
const UNDERSCORE_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORE_PATTERN = `${UNDERSCORE_LABEL}(\\.${UNDERSCORE_LABEL})*`;
const UNDERSCORE_SUBDOMAIN = new RegExp(`^(?:${UNDERSCORE_PATTERN})$`);
const UNDERSCORE_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";

export function checkPodDns(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === 'None') {
    if (config === undefined) {
      errors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None');
      return;
    }
    if (isEmpty(config.nameservers)) {
      errors.required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None');
      return;
    }
  }
  if (config === undefined) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > MAX_NAMESERVERS) {
    errors.invalid(path.child('nameservers'), nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`);
  }
  for (const [index, server] of nameservers.entries()) checkLegacyIp(server, path.child('nameservers').index(index), errors);
  if (searches.length > MAX_SEARCHES) errors.invalid(path.child('searches'), searches, `must not have more than ${MAX_SEARCHES} search paths`);
  if (searches.join(' ').length > MAX_SEARCH_CHARACTERS) {
    const detail = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`;
    errors.invalid(path.child('searches'), searches, detail);
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.invalidEach(path.child('searches').index(index), domain, underscoreSubdomainMessages(domain));
  }
  for (const [index, option] of options.entries()) {
    if (isEmpty(option.name)) errors.required(path.child('options').index(index), 'must not be empty');
  }
}

function underscoreSubdomainMessages(value: string): string[] {
  const messages = value.length > 253 ? [maxLengthError(253)] : [];
  if (UNDERSCORE_SUBDOMAIN.test(value)) return messages;
  return [...messages, regexError(UNDERSCORE_MESSAGE, UNDERSCORE_PATTERN, 'example.com')];
}
