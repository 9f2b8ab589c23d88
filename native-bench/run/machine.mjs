// Where and from what the figures come: without that they cannot be compared with any others.
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import process from 'node:process'

const root = new URL('../../', import.meta.url).pathname

export function machine() {
  const all = cpus()
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
  }
}

/** The commit measured, with a mark when the files differ from it; undefined outside of a checkout. */
export function commit() {
  const git = (...args) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return (
      git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' and changes')
    )
  } catch {
    return undefined // a package, not a checkout
  }
}
