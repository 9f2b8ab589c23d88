// The native client: where it is, and how it comes to be.
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import process from 'node:process'
import { promisify } from 'node:util'
import { find } from './debian.mjs'

const run = promisify(execFile)
const folder = new URL('../', import.meta.url).pathname

export const CLIENT = `${folder}build/imgate-bench`

const isThere = file =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** @returns why there is no client; undefined when there is one */
export async function missingClient() {
  if (await isThere(CLIENT)) return undefined
  for (const tool of ['make', process.env.CXX ?? 'g++']) {
    if ((await find(tool)) === undefined) return `the native client is not built and there is no ${tool}`
  }
  try {
    await run('make', ['-s', '-C', folder])
    return undefined
  } catch (error) {
    return `the native client cannot be built: ${error.stderr || error.message}`
  }
}
