import { accessSync, closeSync, constants, existsSync, openSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Loaded, OptionError } from './config/load.ts'
import type { Options } from './config/options.ts'
import { openIpDatabase } from './http/ip-database.ts'
import { requireFreePort } from './ops/lock.ts'
import { type Tightening, tightenFolder } from './ops/private-folder.ts'
import { fileProblem } from './store/check-file.ts'
import { checkUws } from './transport/uws.ts'
import { makeFolder } from './util/make-folder.ts'

/**
 * Codes of the system for what may be over at the next start: a full disk, a failing one, too many
 * open files, no memory. Any other code about a path means that the option is wrong, and will be
 * next time.
 */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT'])
/** Codes of the system that blame the address, not the port. */
const OF_HOST: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])
/**
 * A port that another process has, and an address that this machine does not have (yet: a floating
 * one, a tunnel) are no wrong options: a later start may succeed. A port below 1024 without the
 * right to it is one: only a person can cure that.
 */
const NOT_OF_OPTIONS: ReadonlySet<string> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL'])

/**
 * @param isCheck leaves nothing behind, and does not mind a gateway that runs with these options
 * already
 */
interface Manner {
  readonly isCheck: boolean
}

/**
 * Finds what a start would stumble over before it serves, and makes the data folder private.
 * @returns what was open to others until now
 * @throws OptionError for a wrong option, named as the user named it
 * @throws Error for what is no option's fault
 */
export async function preflight({ options, nameOf }: Loaded, { isCheck }: Manner): Promise<Tightening> {
  const problem = checkUws()
  if (problem !== undefined) throw new Error(problem)
  const { httpHost, httpPort, tcpHost, tcpPort, dataDir, ipDatabase } = options
  if (httpPort === tcpPort && httpPort !== 0) {
    throw new OptionError(
      `${nameOf('httpPort')} and ${nameOf('tcpPort')}: both are ${httpPort}, expected two different ports`,
    )
  }
  await openIpDatabase(ipDatabase).catch((error: unknown) => {
    throw asOptionError(error, `${nameOf('ipDatabase')}: ${ipDatabase} is no IP database that can be read`)
  })
  let tightening: Tightening
  try {
    tightening = tryFolder(dataDir, isCheck)
  } catch (error) {
    throw asOptionError(error, `${nameOf('dataDir')}: cannot use the data folder ${dataDir}`)
  }
  const damage = isCheck ? fileProblem(join(dataDir, 'data.mdb')) : undefined
  if (damage !== undefined) throw new Error(`the store in ${dataDir} is damaged: ${damage}`)
  await tryPort(httpHost, httpPort, nameOf, 'http', isCheck)
  await tryPort(tcpHost, tcpPort, nameOf, 'tcp', isCheck)
  return tightening
}

/** Only making a folder and a file in it tells whether that works. @throws Error of the system */
function tryFolder(folder: string, isCheck: boolean): Tightening {
  const made = makeFolder(folder)
  try {
    const probe = join(folder, `.imgate-${process.pid}`)
    closeSync(openSync(probe, 'wx', 0o600))
    unlinkSync(probe)
    for (const file of ['data.mdb', 'lock.mdb']) {
      const path = join(folder, file)
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
    }
    return tightenFolder(folder, isCheck)
  } finally {
    if (isCheck) for (const path of made.toReversed()) rmdirSync(path)
  }
}

async function tryPort(
  host: string,
  port: number,
  nameOf: (key: keyof Options) => string,
  which: 'http' | 'tcp',
  isCheck: boolean,
): Promise<void> {
  try {
    await requireFreePort(host, port)
  } catch (error) {
    const code = codeOf(error)
    if (isCheck && code === 'EADDRINUSE') return
    const option = nameOf(OF_HOST.has(code) ? `${which}Host` : `${which}Port`)
    const text = `${option}: cannot listen on ${host}:${port} (${code})`
    throw NOT_OF_OPTIONS.has(code) ? new Error(text) : new OptionError(text)
  }
}

function asOptionError(error: unknown, text: string): Error {
  const whole = `${text}: ${error instanceof Error ? error.message : String(error)}`
  return PASSING.has(codeOf(error)) ? new Error(whole) : new OptionError(whole)
}

/** The code of an error of the system; empty for any other. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
