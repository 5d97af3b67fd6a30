/** $(VAR) references: $$ is a literal $, an unknown name stays as written (upstream: third_party/forked/golang/expansion). */
export function expand(input: string, lookup: (name: string) => string | undefined): string {
  let output = '';
  for (let index = 0; index < input.length; index++) {
    const char = input[index];
    if (char !== '$' || index + 1 >= input.length) {
      output += char;
      continue;
    }
    const next = input[index + 1];
    if (next === '$') {
      output += '$';
      index++;
    } else if (next === '(') {
      const end = input.indexOf(')', index + 2);
      if (end < 0) {
        output += '$(';
        index++;
        continue;
      }
      const name = input.slice(index + 2, end);
      output += lookup(name) ?? `$(${name})`;
      index = end;
    } else {
      output += `$${next}`;
      index++;
    }
  }
  return output;
}
