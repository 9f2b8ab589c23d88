import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

/* What keeps files readable: the limits are where a reader loses sight of the whole. */

const METHODS_MAX = 25
const PARAMETERS_MAX = 7
const WORKER_LINES_MAX = 130

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, child => walk(child, visit))
}

t.test('no class has too many methods, no function too many parameters', async t => {
  let classes = 0
  let functions = 0
  for (const file of files) {
    const source = ts.createSourceFile(file, readFileSync(join('src', file), 'utf8'), ts.ScriptTarget.Latest, true)
    walk(source, node => {
      if (ts.isClassLike(node)) {
        classes++
        const methods = node.members.filter(member => ts.isMethodDeclaration(member) || ts.isAccessor(member)).length
        if (methods > METHODS_MAX) t.fail(`src/${file}: ${node.name?.text} has ${methods} methods`)
      }
      if (ts.isFunctionLike(node)) {
        functions++
        const { length } = node.parameters
        const { line } = source.getLineAndCharacterOfPosition(node.getStart())
        if (length > PARAMETERS_MAX) t.fail(`src/${file}:${line + 1}: ${length} parameters`)
      }
    })
  }
  t.ok(classes > 30 && functions > 500, `${classes} classes and ${functions} functions were looked at`)
})

t.test('worker.ts wires and does nothing else', async t => {
  const lines = readFileSync('src/worker/worker.ts', 'utf8').split('\n').length
  t.ok(lines < WORKER_LINES_MAX, `${lines} lines`)
})

t.test('time, chance and timers come from the clock that a part was given', async t => {
  const direct =
    /(?<![.\w])(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|randomUUID)\(/
  // Main has no parts; the clock itself; the lock of the folder and the watchdog are main's.
  const mayUse = new Set(['util/clock.ts', 'gateway.ts', 'ops/systemd.ts'])
  for (const file of files) {
    if (mayUse.has(file)) continue
    for (const [index, line] of readFileSync(join('src', file), 'utf8').split('\n').entries()) {
      const found = direct.exec(line)
      if (found !== null) t.fail(`src/${file}:${index + 1} uses ${found[1]}`)
    }
  }
  t.pass('looked at')
})
