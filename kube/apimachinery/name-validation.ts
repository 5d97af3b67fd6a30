/**
 * Checks of names, labels and other short texts. Each returns the messages of what is wrong, empty when valid
 * (upstream: apimachinery/pkg/util/validation, 1.36).
 */

export const DNS1123_LABEL_MAX_LENGTH = 63;
export const DNS1123_SUBDOMAIN_MAX_LENGTH = 253;
export const QUALIFIED_NAME_MAX_LENGTH = 63;
export const LABEL_VALUE_MAX_LENGTH = 63;
export const TOTAL_ANNOTATION_SIZE_LIMIT_BYTES = 256 * 1024;

const DNS1123_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1123_SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;
const DNS1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED_NAME})?`;

/** A format with upstream's text for values that do not match it. */
interface Format {
  readonly pattern: string;
  readonly regexp: RegExp;
  readonly message: string;
  readonly examples: readonly string[];
}

function format(pattern: string, message: string, ...examples: readonly string[]): Format {
  return { pattern, regexp: new RegExp(`^(?:${pattern})$`), message, examples };
}

const FORMATS = {
  dns1123Label: format(
    DNS1123_LABEL,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    'my-name',
    '123-abc',
  ),
  dns1123Subdomain: format(
    DNS1123_SUBDOMAIN,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    'example.com',
  ),
  dns1035Label: format(
    DNS1035_LABEL,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    'my-name',
    'abc-123',
  ),
  wildcardDns1123Subdomain: format(
    `\\*\\.${DNS1123_SUBDOMAIN}`,
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    '*.example.com',
  ),
  qualifiedName: format(
    QUALIFIED_NAME,
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    'MyName',
    'my.name',
    '123-abc',
  ),
  labelValue: format(
    LABEL_VALUE,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    'MyValue',
    'my_value',
    '12345',
  ),
  cIdentifier: format(
    '[A-Za-z_][A-Za-z0-9_]*',
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    'my_name',
    'MY_NAME',
    'MyName',
  ),
  percent: format('[0-9]+%', "a valid percent string must be a numeric string followed by an ending '%'", '1%', '93%'),
  httpHeaderName: format('[-A-Za-z0-9]+', "a valid HTTP header must consist of alphanumeric characters or '-'", 'X-Header-Name'),
  configMapKey: format(
    '[-._a-zA-Z0-9]+',
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    'key.name',
    'KEY_NAME',
    'key-name',
  ),
} as const;

export function maxLengthError(length: number): string {
  return `must be no more than ${length} characters`;
}
/** Label keys and values, whose checks upstream moved to api/validate/content, count bytes in words too. */
export function maxBytesError(length: number): string {
  return `must be no more than ${length} bytes`;
}
export function emptyError(): string {
  return 'must be non-empty';
}
export function inclusiveRangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}
/** `MESSAGE (e.g. 'a',  or 'b', regex used for validation is 'R')`: the doubled blank is upstream's. */
export function regexError(message: string, pattern: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

function check(value: string, wanted: Format, maxLength = Infinity): string[] {
  const messages: string[] = [];
  if (byteLength(value) > maxLength) messages.push(maxLengthError(maxLength));
  if (!wanted.regexp.test(value)) messages.push(regexError(wanted.message, wanted.pattern, ...wanted.examples));
  return messages;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Length in UTF-8, which is what Go's len counts. */
export function byteLength(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // The two halves of a code point are four bytes together; one alone is written as U+FFFD, three.
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1))) at++;
  }
  return length;
}

export function isDns1123Label(value: string): string[] {
  const messages = byteLength(value) > DNS1123_LABEL_MAX_LENGTH ? [maxLengthError(DNS1123_LABEL_MAX_LENGTH)] : [];
  if (FORMATS.dns1123Label.regexp.test(value)) return messages;
  // A valid subdomain that is no valid label can only have dots too many.
  if (FORMATS.dns1123Subdomain.regexp.test(value)) return [...messages, 'must not contain dots'];
  return [...messages, ...check(value, FORMATS.dns1123Label)];
}
export function isDns1123Subdomain(value: string): string[] {
  return check(value, FORMATS.dns1123Subdomain, DNS1123_SUBDOMAIN_MAX_LENGTH);
}
export function isDns1035Label(value: string): string[] {
  return check(value, FORMATS.dns1035Label, 63);
}
export function isWildcardDns1123Subdomain(value: string): string[] {
  return check(value, FORMATS.wildcardDns1123Subdomain, DNS1123_SUBDOMAIN_MAX_LENGTH);
}

/** A label key: `name`, or `dns.prefix/name`. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) {
    const { message, pattern, examples } = FORMATS.qualifiedName;
    return [
      `a valid label key ${regexError(message, pattern, ...examples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? '';
  const messages = parts.length === 2 ? prefixMessages(parts[0] ?? '') : [];
  if (name === '') messages.push(`name part ${emptyError()}`);
  if (byteLength(name) > QUALIFIED_NAME_MAX_LENGTH) messages.push(`name part ${maxBytesError(QUALIFIED_NAME_MAX_LENGTH)}`);
  return [...messages, ...check(name, FORMATS.qualifiedName).map((text) => `name part ${text}`)];
}
function prefixMessages(prefix: string): string[] {
  if (prefix === '') return [`prefix part ${emptyError()}`];
  return isDns1123Subdomain(prefix).map((text) => `prefix part ${text}`);
}

export function isValidLabelValue(value: string): string[] {
  const messages = byteLength(value) > LABEL_VALUE_MAX_LENGTH ? [maxBytesError(LABEL_VALUE_MAX_LENGTH)] : [];
  return [...messages, ...check(value, FORMATS.labelValue)];
}
export function isCIdentifier(value: string): string[] {
  return check(value, FORMATS.cIdentifier);
}
export function isValidPercent(value: string): string[] {
  return check(value, FORMATS.percent);
}
export function isHttpHeaderName(value: string): string[] {
  return check(value, FORMATS.httpHeaderName);
}

export function isValidPortNumber(port: number): string[] {
  return isInRange(port, 1, 65535);
}
export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
}
export function isValidUserId(id: number): string[] {
  return isInRange(id, 0, 2 ** 31 - 1);
}

/** An IANA service name. */
export function isValidPortName(port: string): string[] {
  const messages: string[] = [];
  if (byteLength(port) > 15) messages.push(maxLengthError(15));
  if (!/^[-a-z0-9]+$/.test(port)) messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) messages.push('must contain at least one letter (a-z)');
  if (port.includes('--')) messages.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) messages.push('must not begin or end with a hyphen');
  return messages;
}

/** Environment variable names since 1.34: any printable ASCII but '='. */
export function isRelaxedEnvVarName(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyError()}`];
  if (/^[\x20-\x3c\x3e-\x7e]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): string[] {
  return [...check(value, FORMATS.configMapKey, DNS1123_SUBDOMAIN_MAX_LENGTH), ...changesDirectory(value)];
}
function changesDirectory(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Path segment names: what a URL path cannot carry (upstream: apimachinery/pkg/api/validation/path). */
export function isValidPathSegmentName(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((char) => name.includes(char)).map((char) => `may not contain '${char}'`);
}

/** A generateName is a prefix: its trailing dashes count as characters that a suffix follows. */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}
