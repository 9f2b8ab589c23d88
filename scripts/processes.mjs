/* How the scripts run the project's programs. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('..', import.meta.url))

/** The project's tools as arguments for Node: without npx, which takes a second to find them. */
export const BIOME = join(PROJECT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
export const TSC = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc')
export const TAP = join(PROJECT, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')

/** Resolves with the exit code when the program has ended and its output is complete; null: a signal ended it. */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}

/** Runs a program of Node's to its end. @returns its exit code, and what it wrote to both outputs, in order of arrival */
export async function capture(args) {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => chunks.push(chunk))
  const code = await ended(child)
  return { code, output: Buffer.concat(chunks).toString() }
}
