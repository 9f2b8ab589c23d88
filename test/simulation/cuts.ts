import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cut } from './cures.js'

/** @returns the text without what the cut takes out. @throws Error when the cut does not fit */
export function without(text: string, { file, from, to }: Cut): string {
  const times = text.split(from).length - 1
  if (times === 1) return text.replace(from, () => to)
  throw new Error(
    `${file}: expected to find once, and found ${times} times:\n${from}\nThe code has changed: so must the cut, in test/simulation/cures.ts.`,
  )
}

/** All cuts of a cure in the files of `dist`, by file. @throws Error when one does not fit */
export function cutFiles(dist: string, cuts: readonly Cut[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const one of cuts)
    files.set(one.file, without(files.get(one.file) ?? readFileSync(join(dist, one.file), 'utf8'), one))
  return files
}

/** The compiled product and the simulation once more, in a folder of their own: there `#dist/*` is what may be cut. */
export class Copy {
  readonly simulation: string
  readonly #dist: string

  /** @param project its root @param folder is made anew */
  constructor(project: string, folder: string) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    this.#dist = join(folder, 'dist')
    this.simulation = join(folder, 'build', 'simulation', 'main.js')
    cpSync(join(project, 'dist'), this.#dist, { recursive: true })
    cpSync(join(project, 'package.json'), join(folder, 'package.json'))
    for (const part of ['simulation', 'support']) {
      cpSync(join(project, 'build', part), join(folder, 'build', part), { recursive: true })
    }
  }

  /** Takes a cure out; what was taken out before is back. @throws Error when a cut does not fit */
  take(cuts: readonly Cut[]): void {
    for (const [file, text] of this.#taken) writeFileSync(join(this.#dist, file), text)
    this.#taken.clear()
    for (const [file, text] of cutFiles(this.#dist, cuts)) {
      this.#taken.set(file, readFileSync(join(this.#dist, file), 'utf8'))
      writeFileSync(join(this.#dist, file), text)
    }
  }

  readonly #taken = new Map<string, string>()
}
