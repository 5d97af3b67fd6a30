import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue, maskTrailingDash } from '../../../../kube/apimachinery/name-validation.ts';
import { hasFormat } from '../../customresources/string-formats.ts';
import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { CelObject, CelOptional } from '../runtime/values.ts';
import { type CelType, listType, optionalType, STRING, structType } from '../types.ts';
import { requestUriProblem } from './urls.ts';

export const FORMAT_TYPE = structType('kubernetes.NamedFormat');

export class CelFormat extends CelObject {
  readonly name: string;
  readonly validate: (text: string) => readonly string[];
  /** For cost accounting: how long a regular expression of it would be. */
  readonly regexSize: number;

  constructor(name: string, regexSize: number, validate: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.regexSize = regexSize;
    this.validate = validate;
  }

  get type(): CelType {
    return FORMAT_TYPE;
  }

  equals({ name }: this): boolean {
    return name === this.name;
  }
}

function formats(): ReadonlyMap<string, CelFormat> {
  const prefix = (check: (name: string) => string[]) => (text: string): string[] => check(maskTrailingDash(text));
  const asFormat = (format: string, problem: string) => (text: string): string[] => (hasFormat(format, text) ? [] : [problem]);
  return new Map([
    ['dns1123Label', new CelFormat('DNS1123Label', 30, isDns1123Label)],
    ['dns1123Subdomain', new CelFormat('DNS1123Subdomain', 60, isDns1123Subdomain)],
    ['dns1035Label', new CelFormat('DNS1035Label', 30, isDns1035Label)],
    ['qualifiedName', new CelFormat('QualifiedName', 60, isQualifiedName)],
    ['dns1123LabelPrefix', new CelFormat('DNS1123LabelPrefix', 30, prefix(isDns1123Label))],
    ['dns1123SubdomainPrefix', new CelFormat('DNS1123SubdomainPrefix', 60, prefix(isDns1123Subdomain))],
    ['dns1035LabelPrefix', new CelFormat('DNS1035LabelPrefix', 30, prefix(isDns1035Label))],
    ['labelValue', new CelFormat('LabelValue', 40, isValidLabelValue)],
    ['uri', new CelFormat('URI', 1103, (text) => [requestUriProblem(text)].filter((problem) => problem !== undefined))],
    ['uuid', new CelFormat('uuid', 75, asFormat('uuid', 'does not match the UUID format'))],
    ['byte', new CelFormat('byte', 84, asFormat('byte', 'invalid base64'))],
    ['date', new CelFormat('date', 78, asFormat('date', 'invalid date'))],
    ['datetime', new CelFormat('datetime', 78, asFormat('datetime', 'invalid datetime'))],
  ]);
}

/** Upstream: apiserver/pkg/cel/library/format.go. */
export function formatFunctions(): readonly FunctionDeclaration[] {
  const known = formats();
  return [
    declare('validate', method('format-validate', [FORMAT_TYPE, STRING], optionalType(listType(STRING)), ({ validate }: CelFormat, text: string) => {
      const problems = validate(text);
      return problems.length === 0 ? CelOptional.none : CelOptional.of(problems);
    })),
    declare('format.named', global('format-named', [STRING], optionalType(FORMAT_TYPE), (name: string) => {
      const format = known.get(name);
      return format ? CelOptional.of(format) : CelOptional.none;
    })),
    ...[...known].map(([name, format]) => declare(`format.${name}`, global(`format.${name}`, [], FORMAT_TYPE, () => format))),
  ];
}
