/* Checks the pages with the rules of .markdownlint.jsonc: above all, a line of prose has at most 100 columns.
 * `npm run lint` runs it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lint } from 'markdownlint/promise'
import { PROJECT } from './processes.mjs'

const FOLDERS = ['.', '.github', 'docs', 'docs/adr', 'examples', 'native-bench', 'systemd']

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/gu
const UNBREAKABLE = new Set(['codeFenced', 'codeIndented', 'table'])

/** MD013 counts characters, but a Chinese character is two columns wide. */
const wideLineLength = {
  names: ['wide-line-length'],
  description: 'Length of a line with wide characters',
  tags: ['line_length'],
  parser: 'micromark',
  function: ({ lines, config, parsers }, onError) => {
    const passedOver = new Set()
    for (const { type, startLine, endLine } of parsers.micromark.tokens) {
      if (UNBREAKABLE.has(type)) for (let line = startLine; line <= endLine; line++) passedOver.add(line)
    }
    for (const [index, line] of lines.entries()) {
      // A link at the end may stick out, as in MD013.
      const breakable = line.replace(/!?\[[^\]]*\]\([^)]*\)\S?$/, '')
      const columns = breakable.length + (breakable.match(WIDE)?.length ?? 0)
      if (!line.match(WIDE) || columns <= config.line_length || passedOver.has(index + 1)) continue
      onError({ lineNumber: index + 1, detail: `${columns} columns, at most ${config.line_length}` })
    }
  },
}

const LINK = /\]\(([^)\s]+)\)/g

/** The headings of a page as GitHub names them in links. */
function anchorsOf(path) {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ +(.+)$/gm)
  const name = text =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  return new Set(Array.from(headings, ([, text]) => name(text)))
}

/** Links to files that are not there, and to headings of other pages that are not. */
const linkTarget = {
  names: ['link-target'],
  description: 'A link to another page leads to a heading that is there',
  tags: ['links'],
  parser: 'none',
  function: ({ name, lines }, onError) => {
    for (const [index, line] of lines.entries()) {
      for (const [, target] of line.matchAll(LINK)) {
        const [file, anchor] = target.split('#')
        if (file === '' || /^[a-z]+:/.test(file)) continue
        const path = join(PROJECT, dirname(name), file)
        const isThere = existsSync(path) && (anchor === undefined || anchorsOf(path).has(anchor))
        if (!isThere) onError({ lineNumber: index + 1, detail: target })
      }
    }
  },
}

const withoutComments = text => JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''))

const files = FOLDERS.flatMap(folder => readdirSync(join(PROJECT, folder)).map(name => join(folder, name)))
  .filter(path => path.endsWith('.md'))
  .sort()
const contents = files.map(path => [path, readFileSync(join(PROJECT, path), 'utf8')])
const results = await lint({
  strings: Object.fromEntries(contents),
  config: withoutComments(readFileSync(join(PROJECT, '.markdownlint.jsonc'), 'utf8')),
  customRules: [wideLineLength, linkTarget],
})
const problems = Object.entries(results).flatMap(([path, found]) => found.map(problem => ({ path, ...problem })))
for (const { path, lineNumber, ruleNames, ruleDescription, errorDetail } of problems) {
  console.error(
    `${path}:${lineNumber} ${ruleNames.join('/')} ${ruleDescription}${errorDetail ? ` [${errorDetail}]` : ''}`,
  )
}
console.log(`${files.length} pages, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
