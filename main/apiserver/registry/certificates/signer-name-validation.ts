import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

const MAX_DOMAIN_LENGTH = 253;
const MAX_SIGNER_NAME_LENGTH = 253 + (253 + 63 + 1) + 1;

/** `example.com/signer-name`. */
export function checkSignerName(signerName: string, path: FieldPath, errors: FieldErrors): void {
  if (signerName === '') {
    errors.required(path);
    return;
  }
  const [domain = '', rest = '', ...more] = signerName.split('/');
  if (more.length > 0 || !signerName.includes('/')) {
    errors.invalid(path, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    return;
  }
  if (domain.length > MAX_DOMAIN_LENGTH) errors.tooLong(path, MAX_DOMAIN_LENGTH);
  const labels = domain.split('.');
  checkLabels(labels, domain, path, errors, isDns1123Label);
  if (labels.length < 2) errors.invalid(path, domain, 'should be a domain with at least two segments separated by dots');
  checkLabels(rest.split('.'), rest, path, errors, isDns1123Subdomain);
  if (signerName.length > MAX_SIGNER_NAME_LENGTH) errors.tooLong(path, MAX_SIGNER_NAME_LENGTH);
}

/** Only the first bad label is reported. */
function checkLabels(labels: readonly string[], text: string, path: FieldPath, errors: FieldErrors, check: (label: string) => string[]): void {
  for (const label of labels) {
    const messages = check(label).map((message) => `validating label ${goQuote(label)}: ${message}`);
    errors.invalidEach(path, text, messages);
    if (messages.length > 0) return;
  }
}
