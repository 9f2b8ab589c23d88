import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../config/load.ts'
import { hostOf } from '../util/address.ts'

/** A request, as far as it is looked at to let it in: each header that is asked for is a way into native code. */
export interface Headers {
  /** By its name in small letters; empty when there is none. */
  getHeader(name: string): string
}

/** By these a proxy says that it passes somebody else's request on. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const
/** So many of the forms in which good keys came are remembered. */
const ACCEPTED_MAX = 64

/**
 * Lets app servers in: by key, or, when no keys are set, whoever calls directly from this machine. A web page that a
 * browser on this machine shows is none of them, nor one that has another name resolve to this machine.
 */
export class Keys {
  readonly #digests: readonly Buffer[]
  /** Headers that were found good before. Looked up by their hash, so the time tells nothing of how much of a wrong one is right. */
  readonly #accepted = new Set<string>()

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest)
  }

  /** @param isLocal whether the connection comes from this machine @returns why the caller is not let in; undefined: he is */
  refuses(headers: Headers, isLocal: () => boolean): string | undefined {
    if (this.#digests.length === 0) return refusesStranger(headers, isLocal)
    const authorization = headers.getHeader('authorization')
    if (authorization !== '' && this.#accepted.has(authorization)) return undefined
    const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    const key = bearer ?? headers.getHeader('x-api-key')
    if (key === '') return 'no API key'
    const given = digest(key)
    let isKnown = false
    for (const known of this.#digests) if (timingSafeEqual(known, given)) isKnown = true
    if (!isKnown) return 'wrong API key'
    if (bearer !== undefined && this.#accepted.size < ACCEPTED_MAX) this.#accepted.add(authorization)
    return undefined
  }
}

/** Without keys: whoever asks directly from this machine, and knows what he asks. */
function refusesStranger(headers: Headers, isLocal: () => boolean): string | undefined {
  const because = (text: string) =>
    `no API keys are set, so only direct callers from this machine are answered, and ${text}`
  // Bound to loopback is not enough: a system may route strangers there (net.ipv4.conf.*.route_localnet).
  if (!isLocal()) return because('this one is elsewhere')
  for (const name of FORWARDING) if (headers.getHeader(name) !== '') return because('this request was forwarded')
  const host = headers.getHeader('host')
  if (!isOwnName(host)) return because(`this request is for the host ${host.slice(0, 64)}`)
  const origin = headers.getHeader('origin')
  // Where the page stands that a browser asks for.
  const fetchSite = headers.getHeader('sec-fetch-site')
  const isPage =
    (origin !== '' && origin !== `http://${host}`) || fetchSite === 'cross-site' || fetchSite === 'same-site'
  return isPage ? because('this request comes from a web page') : undefined
}

/** The last host that was a name of this machine: mostly it is the same again. */
let lastOwnName = ''

function isOwnName(host: string): boolean {
  if (host === lastOwnName && host !== '') return true
  if (!isLoopback(hostOf(host))) return false
  lastOwnName = host
  return true
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
