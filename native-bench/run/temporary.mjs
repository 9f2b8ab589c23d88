// Temporary folders, gone when their user is done and at the latest when the process ends.
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set()

export async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'imgate-bench-'))
  folders.add(folder)
  return folder
}

export async function removeFolder(folder) {
  await rm(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** For the last moment, when nothing can be awaited any more. */
export function removeAllFolders() {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}
