import { defineScalarTag, NOT_RESOLVED } from 'js-yaml';

/**
 * Plain scalars that go-yaml takes for numbers (go.yaml.in/yaml/v2 resolve.go), which are not quite those of YAML 1.1: `1e3` is one, `1:30`
 * is text, `0o17` and `017` are octal.
 */
const INTEGER = /^(?<sign>[-+]?)(?:(?<octal>0[0-7]+)|(?<digits>0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0|[1-9]\d*))$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, -Infinity] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, NaN] as const),
]);
/** Larger integers are read as floats. */
const MAX_UINT64 = 2 ** 64;

const DIGITS_AND_SIGNS = ['-', '+', ...'0123456789'];

export const goIntTag = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: DIGITS_AND_SIGNS,
  resolve: (source) => {
    const { sign = '', octal, digits = '' } = INTEGER.exec(source.replaceAll('_', ''))?.groups ?? {};
    const size = octal === undefined ? Number(digits === '' ? NaN : digits) : Number.parseInt(octal, 8);
    if (Number.isNaN(size) || size >= MAX_UINT64) return NOT_RESOLVED;
    return sign === '-' && size !== 0 ? -size : size;
  },
  identify: (value) => Number.isInteger(value),
  represent: String,
});

export const goFloatTag = defineScalarTag('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: ['.', ...DIGITS_AND_SIGNS],
  resolve: (source) => {
    const special = SPECIAL.get(source);
    if (special !== undefined) return special;
    // What begins with a point is read without underscores taken out.
    const plain = source.startsWith('.') ? source : source.replaceAll('_', '');
    const value = FLOAT.test(plain) ? Number(plain) : NaN;
    return Number.isFinite(value) ? value : NOT_RESOLVED;
  },
  identify: (value) => typeof value === 'number' && !Number.isInteger(value),
  represent: String,
});
