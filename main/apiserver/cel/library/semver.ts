import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelObject } from '../runtime/values.ts';
import { BOOL, type CelType, INT, STRING, structType } from '../types.ts';

export const SEMVER_TYPE = structType('kubernetes.Semver');

class CelSemver extends CelObject {
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  get type(): CelType {
    return SEMVER_TYPE;
  }

  equals(other: this): boolean {
    return compare(this, other) === 0;
  }
}

const NUMERIC = /^\d+$/;
const IDENTIFIER = /^[\dA-Za-z-]+$/;

/** Upstream: apiserver/pkg/cel/library/semverlib.go at version 1, over blang/semver. */
export function semverFunctions(): readonly FunctionDeclaration[] {
  const S = SEMVER_TYPE;
  const parts = ['major', 'minor', 'patch'].map((name, index) => declare(name, method(`semver_${name}`, [S], INT, ({ numbers }: CelSemver) => numbers[index] ?? 0n)));
  return [
    declare('semver', global('string_to_semver', [STRING], S, parse), global('string_bool_to_semver', [STRING, BOOL], S, parseEither)),
    declare('isSemver', global('is_semver_string', [STRING], BOOL, (text: string) => isSemver(text, false)), global('is_semver_string_bool', [STRING, BOOL], BOOL, isSemver)),
    declare('isGreaterThan', method('semver_is_greater_than', [S, S], BOOL, (a: CelSemver, b: CelSemver) => compare(a, b) > 0)),
    declare('isLessThan', method('semver_is_less_than', [S, S], BOOL, (a: CelSemver, b: CelSemver) => compare(a, b) < 0)),
    declare('compareTo', method('semver_compare_to', [S, S], INT, (a: CelSemver, b: CelSemver) => BigInt(compare(a, b)))),
    ...parts,
  ];
}

function parseEither(text: string, normalizes: boolean): CelSemver {
  return parse(normalizes ? normalized(text) : text);
}

function isSemver(text: string, normalizes: boolean): boolean {
  try {
    parseEither(text, normalizes);
    return true;
  } catch {
    return false;
  }
}

/** `v1.02` becomes `1.2.0`. */
function normalized(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length > 0 ? [rest.join('.')] : [])].map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) throw new CelEvaluationError('short version cannot contain PreRelease/Build meta data');
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

function parse(text: string): CelSemver {
  const refuse = (message: string): CelEvaluationError => new CelEvaluationError(message);
  if (text === '') throw refuse('Version string empty');
  const [major = '', minor, ...others] = text.split('.');
  if (minor === undefined || others.length === 0) throw refuse('No Major.Minor.Patch elements found');
  const [, patch = '', pre, build] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(others.join('.')) ?? [];
  const numbers = ([['Major', major], ['Minor', minor], ['Patch', patch]] as const).map(([name, part]) => {
    if (!NUMERIC.test(part)) throw refuse(`Invalid character(s) found in ${name.toLowerCase()} number ${goQuote(part)}`);
    if (part.length > 1 && part.startsWith('0')) throw refuse(`${name} number must not contain leading zeroes ${goQuote(part)}`);
    return BigInt(part);
  });
  const prerelease = pre === undefined ? [] : pre.split('.');
  for (const part of prerelease) {
    if (part === '') throw refuse('Prerelease is empty');
    if (NUMERIC.test(part) && part.length > 1 && part.startsWith('0')) throw refuse(`Numeric PreRelease version must not contain leading zeroes ${goQuote(part)}`);
    if (!IDENTIFIER.test(part)) throw refuse(`Invalid character(s) found in prerelease ${goQuote(part)}`);
  }
  for (const part of build === undefined ? [] : build.split('.')) {
    if (part === '') throw refuse('Build meta data is empty');
    if (!IDENTIFIER.test(part)) throw refuse(`Invalid character(s) found in build meta data ${goQuote(part)}`);
  }
  return new CelSemver(numbers, prerelease);
}

/** Semantic Versioning 2.0.0, 11: a prerelease is before its release; build metadata does not count. */
function compare(a: CelSemver, b: CelSemver): number {
  for (const [index, left] of a.numbers.entries()) {
    const right = b.numbers[index] ?? 0n;
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return Math.sign(b.prerelease.length - a.prerelease.length);
  for (const [index, left] of a.prerelease.entries()) {
    const right = b.prerelease[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.prerelease.length < b.prerelease.length ? -1 : 0;
}

function compareIdentifiers(a: string, b: string): number {
  const [isLeftNumber, isRightNumber] = [NUMERIC.test(a), NUMERIC.test(b)];
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  const [left, right] = isLeftNumber ? [BigInt(a), BigInt(b)] : [a, b];
  return left < right ? -1 : left > right ? 1 : 0;
}
