// Finds the programs of the peers, and installs their Debian packages where that is possible: as root, with apt-get.
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INSTALL_PATIENCE_MS = 120_000
// Servers live in sbin, which is not in everybody's PATH.
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].filter(Boolean)

/** The path of a program, as a shell would find it; undefined when there is none. */
export async function find(program) {
  for (const folder of folders) {
    const file = join(folder, program)
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}

async function findComplete({ program, isComplete = () => true }) {
  const file = await find(program)
  return file !== undefined && (await isComplete()) ? file : undefined
}

/** @returns the program's path, or undefined when it is not there and cannot be installed. */
export async function provide(peer) {
  const found = await findComplete(peer)
  if (found !== undefined || process.getuid() !== 0 || (await find('apt-get')) === undefined) return found
  console.error(`installing ${peer.packages.join(', ')}`)
  // RUNLEVEL=1 keeps the packages from starting their services: each run starts its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  try {
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...peer.packages], {
      env,
      timeout: INSTALL_PATIENCE_MS,
    })
  } catch (error) {
    console.error(
      `apt-get install ${peer.packages.join(' ')}: ${error.stderr?.trim().split('\n').at(-1) ?? error.message}`,
    )
  }
  return findComplete(peer)
}

/** The first thing that looks like a version in what the program says of itself. */
export async function versionOf(file, args) {
  // Some print their version with an exit code other than 0.
  const { stdout, stderr } = await run(file, args).catch(error => error)
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'
}
