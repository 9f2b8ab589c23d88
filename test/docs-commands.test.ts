import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { PROJECT } from './support/command.js'
import { describe, eventually, withDeadline } from './support/deadline.js'
import { startGateway } from './support/gateway.js'

/* What a newcomer is told to type works as it stands, in the order of the page. */

/** What may be another one each time; the form of all else is its value. */
const CHANGING: readonly (readonly [found: RegExp, form: string])[] = [
  [/"(sid|msgid)":\d+/g, '"$1":NUMBER'],
  [/"time":\d{13}\b/g, '"time":MILLISECONDS'],
  [/uid:(\d+):ttl:\d{10}:sid:\d+:end\.[\w-]+…?/g, 'TOKEN OF $1'],
  [/"backoff":\{[^}]*\}/g, '"backoff":{…}'],
]

function formOf(line: string): string {
  return CHANGING.reduce((text, [found, form]) => text.replace(found, form), line)
}

interface Block {
  readonly kind: 'commands' | 'program' | 'output'
  readonly lines: readonly string[]
}

/**
 * The code blocks of one section of a page: commands begin with `$`, the program is JavaScript, the
 * rest is its output.
 */
function blocksOf(page: string, heading: string): Block[] {
  const from = page.indexOf(`\n## ${heading}\n`)
  if (from < 0) throw new Error(`there is no section ${heading}`)
  const section = page.slice(from, page.indexOf('\n## ', from + 1))
  return [...section.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map(([, language, code]) => ({
    kind: language === 'js' ? 'program' : code!.startsWith('$ ') ? 'commands' : 'output',
    lines: code!.split('\n'),
  }))
}

interface Command {
  readonly text: string
  readonly answer: readonly string[]
}

/** A line that ends in a backslash goes on in the next. */
function commandsOf({ lines }: Block): Command[] {
  const commands: { text: string; answer: string[] }[] = []
  let isOpen = false
  for (const line of lines) {
    if (line.startsWith('$ ')) commands.push({ text: line.slice(2), answer: [] })
    else if (isOpen) commands.at(-1)!.text += `\n${line}`
    else commands.at(-1)!.answer.push(line)
    isOpen = line.endsWith('\\')
  }
  return commands
}

/** One terminal: what a command sets is there for the next. */
class Shell {
  readonly #child
  readonly #lines

  /** @param dataDir where the gateway of the page keeps its key */
  constructor(t: Test, dataDir: string) {
    const env = { PATH: process.env['PATH'], IMGATE_DATA_DIR: dataDir }
    this.#child = spawn('sh', [], { cwd: PROJECT, env, stdio: ['pipe', 'pipe', 'ignore'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    t.teardown(() => this.#child.kill())
  }

  /** @returns the lines that the command writes */
  async run(command: string): Promise<string[]> {
    const end = `-- the end of ${Math.random()}`
    // Where the answer of curl ends without a line break, the mark would stand behind it.
    this.#child.stdin.write(`${command}\nprintf '\\n%s\\n' '${end}'\n`)
    const lines: string[] = []
    for (;;) {
      const { value, done } = await withDeadline(this.#lines.next(), () => `the end of ${command}`)
      if (done === true) throw new Error(`the shell ended at ${command}`)
      if (value === end) return lines.filter(line => line !== '')
      lines.push(value)
    }
  }
}

/** The program of the page, in a folder where it finds what the project has installed. */
function runProgram(t: Test, source: string, key: string): { readonly output: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'imgate-readme-'))
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'device.mjs'), source)
  const child = spawn('env', ['-i', `KEY=${key}`, process.execPath, 'device.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', line => output.push(line))
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  })
  return { output }
}

for (const [file, heading] of [
  ['README.md', 'Two minutes'],
  ['README.zh-CN.md', '两分钟上手'],
] as const) {
  t.test(`the tour of ${file} works with a fresh gateway as it stands on the page`, async t => {
    const gateway = await startGateway(t)
    const here = (text: string) => text.replaceAll('127.0.0.1:8080', gateway.http)
    const blocks = blocksOf(readFileSync(join(PROJECT, file), 'utf8'), heading)
    const shell = new Shell(t, gateway.dataDir)
    let output: string[] = []
    const seen = { commands: 0, program: 0, output: 0 }
    for (const block of blocks) {
      seen[block.kind] += 1
      if (block.kind === 'program') ({ output } = runProgram(t, here(block.lines.join('\n')), gateway.key!))
      else if (block.kind === 'output') {
        const wanted = block.lines.map(line => formOf(here(line))).sort()
        const found = await eventually(
          async () => output,
          lines => lines.length >= wanted.length,
          'what the device prints',
        )
        // An ack and a message, or a room and a user, have no order between them.
        t.strictSame(found.splice(0).map(formOf).sort(), wanted, 'the device prints what the page says')
      } else {
        for (const { text, answer } of commandsOf(block)) {
          // What is said to be the same for a repetition is repeated.
          for (let times = text.includes('Idempotency-Key') ? 2 : 1; times > 0; times -= 1) {
            const lines = await shell.run(here(text))
            t.strictSame(
              lines.map(formOf),
              answer.map(line => formOf(here(line))),
              text,
            )
          }
        }
      }
    }
    t.strictSame(seen, { commands: 5, program: 1, output: 2 }, 'the whole tour was walked')
    t.strictSame(output, [], 'the device prints nothing else')
  })
}

t.test('every command of docs/http.md, in its order, gets the answer that stands below it', async t => {
  const child = spawn(process.execPath, ['scripts/http-examples.mjs', 'check'], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      text += String(chunk)
    })
  }
  const [code] = (await withDeadline(once(child, 'close'), () => `the end of the check:\n${text}`, 60_000)) as [number]
  t.equal(code, 0, text)
  const headings = [...readFileSync(join(PROJECT, 'docs', 'http.md'), 'utf8').matchAll(/^## \S+ (\S+)$/gm)]
  t.strictSame(
    [...text.matchAll(/^ok (\S+)$/gm)].map(([, name]) => name),
    headings.map(([, name]) => name),
    describe(text),
  )
})
