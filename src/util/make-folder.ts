import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder, for this user alone, and those above it, as the umask says. Not by Node's own
 * recursive way, which asks for ever where the system says that a folder above is missing though it
 * is there, as in /proc.
 * @returns the folders that were made, the uppermost first
 * @throws Error of the system when it cannot be made
 */
export function makeFolder(folder: string, mode = 0o700): readonly string[] {
  const known = statSync(folder, { throwIfNoEntry: false })
  if (known?.isDirectory() === true) return []
  if (known !== undefined) throw new Error(`${folder} is not a folder`)
  const above = dirname(folder)
  const made = above === folder ? [] : makeFolder(above, 0o777)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return made
  }
  return [...made, folder]
}
