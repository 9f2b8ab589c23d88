import { accessSync, closeSync, constants, existsSync, openSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Loaded, OptionError } from './config/load.ts'
import type { Options } from './config/options.ts'
import { openIpDatabase } from './http/ip-database.ts'
import { FIRST_KEY_FILE } from './ops/first-key.ts'
import { requireFreePort } from './ops/lock.ts'
import { type Tightening, tightenFolder } from './ops/private-folder.ts'
import { fileProblem } from './store/check-file.ts'
import { checkUws } from './transport/uws.ts'
import { makeFolder } from './util/make-folder.ts'

/**
 * System error codes for problems that may pass before the next start: a full or failing disk, too
 * many open files, no memory. Any other error about a path means that the option is invalid.
 */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT'])
/** System error codes about the address, not the port. */
const OF_HOST: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])
/**
 * A port in use, or an address that this machine does not have (yet: a floating one, a tunnel) does
 * not make the option invalid: a later start may succeed. A port below 1024 that the user may not
 * open does: only a person can fix that.
 */
const NOT_OF_OPTIONS: ReadonlySet<string> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL'])
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses this port; stop it or choose another port',
  EADDRNOTAVAIL: 'this machine does not have this address',
  EACCES: 'the user may not open this port; choose one from 1024 up or grant CAP_NET_BIND_SERVICE',
}

/**
 * @param isCheck leave nothing behind, and accept that a gateway with these options is running
 */
interface Manner {
  readonly isCheck: boolean
}

/**
 * Finds everything that would make a start fail, and makes the data folder private.
 * @returns the paths that other users could access until now
 * @throws OptionError for an invalid option, named the way the user set it
 * @throws Error for any other problem
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
    throw asOptionError(error, `${nameOf('ipDatabase')}: cannot read ${ipDatabase} as an IP database in MMDB format`)
  })
  let tightening: Tightening
  try {
    tightening = tryFolder(dataDir, isCheck)
  } catch (error) {
    throw asOptionError(error, `${nameOf('dataDir')}: cannot use the data folder ${dataDir}`)
  }
  const damage = isCheck ? fileProblem(join(dataDir, 'data.mdb')) : undefined
  if (damage !== undefined) throw new Error(`the store in ${dataDir} is damaged: ${damage}; restore a backup`)
  await tryPort(httpHost, httpPort, nameOf, 'http', isCheck)
  await tryPort(tcpHost, tcpPort, nameOf, 'tcp', isCheck)
  return tightening
}

/** Creates the folder and a file in it: there is no other way to know that this works. @throws Error of the system */
function tryFolder(folder: string, isCheck: boolean): Tightening {
  const made = makeFolder(folder)
  try {
    const probe = join(folder, `.imgate-${process.pid}`)
    closeSync(openSync(probe, 'wx', 0o600))
    unlinkSync(probe)
    for (const file of ['data.mdb', 'lock.mdb', FIRST_KEY_FILE]) {
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
    const advice = ADVICE[code]
    const text = `${option}: cannot listen on ${host}:${port} (${code})${advice === undefined ? '' : `: ${advice}`}`
    throw NOT_OF_OPTIONS.has(code) ? new Error(text) : new OptionError(text)
  }
}

function asOptionError(error: unknown, text: string): Error {
  const whole = `${text}: ${error instanceof Error ? error.message : String(error)}`
  return PASSING.has(codeOf(error)) ? new Error(whole) : new OptionError(whole)
}

/** The code of a system error; empty for any other error. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
