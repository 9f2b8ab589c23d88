import { chmodSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { FIRST_KEY_FILE } from './first-key.ts'

/** Permission bits of group and others. */
const OTHERS = 0o077
/** The files that the gateway itself creates in its data folder. */
const OWN_FILES: ReadonlySet<string> = new Set(['data.mdb', 'lock.mdb', FIRST_KEY_FILE, `${FIRST_KEY_FILE}.new`])

export interface Tightened {
  readonly path: string
  /** Octal, such as `755`. */
  readonly from: string
  readonly to: string
}

/** What `tightenFolder` did. */
export interface Tightening {
  readonly tightened: readonly Tightened[]
  /**
   * The folder stays open to others, because it contains files that are not the gateway's.
   */
  readonly isShared: boolean
}

/**
 * Removes the access of group and others to the data folder and the files in it, which hold the
 * key that signs tokens and the first API key. A folder with other files in it stays as it is (it may be /tmp); its own
 * files become private all the same.
 * @param isCheck only finds out whether that would work
 * @throws Error that says what to do if it does not
 */
export function tightenFolder(folder: string, isCheck: boolean): Tightening {
  const names = readdirSync(folder)
  const isOwn = names.every(name => OWN_FILES.has(name))
  const isShared = !isOwn && (statSync(folder).mode & OTHERS) !== 0
  const paths = [
    ...(isOwn ? [folder] : []),
    ...names.filter(name => OWN_FILES.has(name)).map(name => join(folder, name)),
  ]
  const tightened = paths.map(path => tighten(path, isCheck)).filter(one => one !== undefined)
  return { tightened, isShared }
}

function tighten(path: string, isCheck: boolean): Tightened | undefined {
  const stats = statSync(path)
  const mode = stats.mode & 0o7777
  if ((mode & OTHERS) === 0) return undefined
  const wanted = mode & ~OTHERS
  const [from, to] = [mode.toString(8), wanted.toString(8)]
  const complaint = `other users can access ${path} (mode ${from}) and it cannot be made private (${to})`
  const advice = "it holds the key that signs tokens: make the gateway's user its owner, or choose another data folder"
  if (isCheck) {
    if (!mayChange(stats)) throw new Error(`${complaint}; ${advice}`)
    return { path, from, to }
  }
  try {
    chmodSync(path, wanted)
  } catch (error) {
    throw new Error(`${complaint}: ${(error as NodeJS.ErrnoException).code}; ${advice}`, { cause: error })
  }
  // Some file systems ignore permissions silently.
  if ((statSync(path).mode & OTHERS) !== 0) {
    throw new Error(`${complaint}: the file system ignores permissions; ${advice}`)
  }
  return { path, from, to }
}

function mayChange({ uid }: Stats): boolean {
  const self = process.geteuid?.()
  return self === 0 || self === uid
}
