// The package is installed under upstream's name (see package.json), but its types declare the name it is published under.
/// <reference path="../../node_modules/node-pty/node-pty.d.ts" />
declare module 'node-pty' {
  export * from '@lydell/node-pty';
}
