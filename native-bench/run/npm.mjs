// The peers that come from npm and that nothing else here needs: installed beside them, as their lock file has it.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INSTALL_PATIENCE_MS = 120_000
const folder = new URL('../peers/', import.meta.url).pathname
const resolveFromPeers = createRequire(`${folder}package.json`)

/** The version of a package as the peers see it; undefined when it is not installed. */
export function packageVersion(name) {
  try {
    return resolveFromPeers(`${name}/package.json`).version
  } catch {
    return undefined // not installed: the table says so
  }
}

/** @returns its version, or undefined when it is not there and cannot be installed */
export async function providePackage(name) {
  const found = packageVersion(name)
  if (found !== undefined) return found
  console.error(`installing ${name}`)
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, timeout: INSTALL_PATIENCE_MS })
  } catch (error) {
    console.error(`npm ci: ${error.stderr?.trim().split('\n').at(-1) ?? error.message}`)
  }
  return packageVersion(name)
}
