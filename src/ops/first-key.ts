import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from '../config/options.ts'
import type { Listener } from '../contract/listener.ts'
import { addressText } from '../util/address.ts'

/** In the data folder, readable by the gateway's user alone. */
export const FIRST_KEY_FILE = 'first-key'
const KEY_BYTES = 24

/** The API key that a gateway makes when nobody has set one. */
export interface FirstKey {
  readonly key: string
  readonly path: string
  /** Made just now: the only time that it is written to standard output. */
  readonly isNew: boolean
}

/** Whether the API needs a key of its own making: none is set, and callers on this machine are not trusted. */
export function needsFirstKey({ apiKeys, trustLoopback }: Pick<Options, 'apiKeys' | 'trustLoopback'>): boolean {
  return apiKeys.length === 0 && !trustLoopback
}

/**
 * Reads the key of a data folder, or makes one that lasts. Call it only while holding the lock of the folder.
 * @throws Error that says what to do
 */
export function firstKey(folder: string): FirstKey {
  const path = join(folder, FIRST_KEY_FILE)
  const known = readFirstKey(folder)
  if (known !== undefined) return { key: known, path, isNew: false }
  const key = `imgate_${randomBytes(KEY_BYTES).toString('base64url')}`
  try {
    writeWhole(folder, path, `${key}\n`)
  } catch (error) {
    throw new Error(`cannot store the first API key in ${path}: ${(error as Error).message}`, { cause: error })
  }
  return { key, path, isNew: true }
}

/** @returns undefined when there is none @throws Error that says what to do */
export function readFirstKey(folder: string): string | undefined {
  const path = join(folder, FIRST_KEY_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`cannot read the first API key: ${(error as Error).message}`, { cause: error })
  }
  if (/^[!-~]+$/.test(text)) return text
  throw new Error(`${path}: expected one line with an API key; remove the file, and the next start makes a new key`)
}

/** What the first start shows, so that a newcomer's first call works. */
export function firstCalls(key: string, { host, port }: Pick<Listener, 'host' | 'port'>): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `http://${addressText(reachable, port)}`
  const curl = `curl -H 'Authorization: Bearer ${key}'`
  return [
    'Register a device of user 7, then push to the user:',
    `  ${curl} '${url}/im/register?uid=7&nation=1&city=1&town=1'`,
    `  ${curl} -d 'hello' '${url}/im/push?dim=uid&uid=7&expire=60'`,
  ].join('\n')
}

/** There is the whole text under this name, or nothing, also after a power cut. */
function writeWhole(folder: string, path: string, text: string): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  try {
    // A file that a crash left behind keeps its own permissions.
    fchmodSync(file, 0o600)
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  const directory = openSync(folder, 'r')
  fsyncSync(directory)
  closeSync(directory)
}
