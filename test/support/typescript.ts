import { basename } from 'node:path'
import ts from 'typescript'

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: [],
}
const FOLDER = `${process.cwd()}/in-memory/`

/**
 * Compiles files that are in memory alone, in one go: most of the time is spent on the library of the language.
 * @param files their texts by name; they import each other as `./name.js`
 * @returns what the compiler says of each, by name; nothing of those that are right
 */
export function complaints(files: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const host = ts.createCompilerHost(options)
  const textOf = (path: string) => (path.startsWith(FOLDER) ? files[path.slice(FOLDER.length)] : ts.sys.readFile(path))
  host.fileExists = path => textOf(path) !== undefined
  host.readFile = textOf
  host.directoryExists = path => FOLDER.startsWith(`${path}/`) || ts.sys.directoryExists(path)
  host.getSourceFile = (path, version) => {
    const text = textOf(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, version)
  }
  const paths = Object.keys(files).map(name => `${FOLDER}${name}`)
  const found: Record<string, string[]> = {}
  for (const { file, messageText } of ts.getPreEmitDiagnostics(ts.createProgram(paths, options, host))) {
    const of = basename(file?.fileName ?? 'no file')
    found[of] = [...(found[of] ?? []), ts.flattenDiagnosticMessageText(messageText, '\n')]
  }
  return found
}
