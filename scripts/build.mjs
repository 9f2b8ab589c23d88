/*
 * `npm run build`, and before `npm start`: compiles src/ to dist/, unless that was done already.
 * The stamp in dist/ is a hash of all that goes in and of all that came out: times of files say
 * nothing after a checkout or a copy.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..')
const [SRC, DIST] = [join(PROJECT, 'src'), join(PROJECT, 'dist')]
const STAMP = join(DIST, '.stamp')
/**
 * TypeScript's own memory: with it, a file of dist/ that is gone or was changed would not be made
 * again.
 */
const MEMORY = join(DIST, '.tsbuildinfo')
/** What changes the result besides the sources; the lock says which TypeScript. */
const SETTINGS = ['tsconfig.json', 'src/tsconfig.json', 'package-lock.json']

const list = (folder, suffix) =>
  readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith(suffix))
    .sort()

const sources = list(SRC, '.ts')
const outputs = new Set(sources.map(path => path.replace(/\.ts$/, '.js')))

function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const text = existsSync(join(PROJECT, path)) ? readFileSync(join(PROJECT, path)) : ''
    hash.update(`${path}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}

const hashOfInput = () => hashOf([...SETTINGS, ...sources.map(path => join('src', path))])
const hashOfOutput = () => hashOf([...outputs].map(path => join('dist', path)))

/** Files of dist/ whose source is gone: a stale one could still be imported. */
function removeStale() {
  for (const path of list(DIST, '.js').filter(output => !outputs.has(output))) {
    const base = join(DIST, path.slice(0, -'.js'.length))
    for (const suffix of ['.js', '.js.map', '.d.ts']) rmSync(`${base}${suffix}`, { force: true })
  }
}

const input = hashOfInput()
const [builtFrom, built] = existsSync(STAMP) ? readFileSync(STAMP, 'utf8').split(' ') : []
const isIntact = built === hashOfOutput()
if (isIntact && builtFrom === input) {
  console.log('dist/ is up to date')
} else {
  mkdirSync(DIST, { recursive: true })
  rmSync(STAMP, { force: true })
  if (!isIntact) rmSync(MEMORY, { force: true })
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { status, error } = spawnSync(process.execPath, [tsc, '-p', SRC], { stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status === 0) {
    removeStale()
    writeFileSync(STAMP, `${input} ${hashOfOutput()}`)
    console.log('src/ was compiled to dist/')
  }
  process.exitCode = status ?? 1
}
