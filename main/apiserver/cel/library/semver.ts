import type { Environment } from '@marcbachmann/cel-js';

class CelSemver {
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
}

const TYPE = 'kubernetes.Semver';
const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIERS = '[0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*';
const FORM = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`, 'v');
const NUMERIC = /^\d+$/v;

/** Upstream: apiserver/pkg/cel/library/semverlib.go. */
export function registerSemver(environment: Environment): void {
  const on = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  environment.registerType(TYPE, CelSemver);
  on(`semver(string): ${TYPE}`, (text: string) => {
    const version = parse(text);
    if (!version) throw new Error(`Semver parse error during conversion from string: ${JSON.stringify(text)}`);
    return version;
  });
  on('isSemver(string): bool', (text: string) => parse(text) !== undefined);
  for (const [index, name] of ['major', 'minor', 'patch'].entries()) on(`${TYPE}.${name}(): int`, ({ numbers }: CelSemver) => numbers[index] ?? 0n);
  on(`${TYPE}.compareTo(${TYPE}): int`, (a: CelSemver, b: CelSemver) => BigInt(compare(a, b)));
  on(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: CelSemver, b: CelSemver) => compare(a, b) > 0);
  on(`${TYPE}.isLessThan(${TYPE}): bool`, (a: CelSemver, b: CelSemver) => compare(a, b) < 0);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: CelSemver, b: CelSemver) => compare(a, b) === 0);
}

function parse(text: string): CelSemver | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const prerelease = match[4]?.split('.') ?? [];
  if (prerelease.some((part) => NUMERIC.test(part) && part.length > 1 && part.startsWith('0'))) return undefined;
  return new CelSemver(match.slice(1, 4).map(BigInt), prerelease);
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
