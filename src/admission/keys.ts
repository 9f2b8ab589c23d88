import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../config/load.ts'
import { hostOf } from '../util/address.ts'

/** The headers of a request. Each read is a call into native code. */
export interface Headers {
  /** @param name in lower case @returns empty if absent */
  getHeader(name: string): string
}

/** Headers that proxies add to the requests they forward. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const
/** How many accepted Authorization headers are remembered. */
const ACCEPTED_MAX = 64

/** The callers of a gateway without keys are one caller. */
const NO_KEY = 0

/**
 * Admits app servers by key. Keys are compared as digests, all of them, in constant time. Without any key, which only
 * `trustLoopback` brings about, it admits direct callers on this machine, but no web pages in a browser on it, also when
 * a name in their address resolves to this machine.
 */
export class Keys {
  readonly #digests: readonly Buffer[]
  /** Headers accepted before, and the number of their key. A map looks them up by hash, so the time reveals nothing about a wrong key. */
  readonly #accepted = new Map<string, number>()

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest)
  }

  /**
   * @param isLocal whether the connection comes from this machine
   * @returns the number of the caller's key, NO_KEY when none are set; or why he is refused
   */
  keyOf(headers: Headers, isLocal: () => boolean): number | string {
    if (this.#digests.length === 0) return refusesStranger(headers, isLocal) ?? NO_KEY
    const authorization = headers.getHeader('authorization')
    const before = authorization === '' ? undefined : this.#accepted.get(authorization)
    if (before !== undefined) return before
    const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    const key = bearer ?? headers.getHeader('x-api-key')
    if (key === '') return 'missing API key: send Authorization: Bearer KEY or X-API-Key: KEY'
    const given = digest(key)
    let number: number | undefined
    for (const [index, known] of this.#digests.entries()) if (timingSafeEqual(known, given)) number = index + 1
    if (number === undefined) return 'wrong API key'
    if (bearer !== undefined && this.#accepted.size < ACCEPTED_MAX) this.#accepted.set(authorization, number)
    return number
  }
}

/** Without keys: admits only direct callers on this machine, and no web pages. */
function refusesStranger(headers: Headers, isLocal: () => boolean): string | undefined {
  const because = (text: string) =>
    `missing API key: without a key the gateway answers only direct callers on this machine; ${text}`
  // Bound to loopback is not enough: a system may route strangers there (net.ipv4.conf.*.route_localnet).
  if (!isLocal()) return because('this call comes from another one')
  for (const name of FORWARDING) {
    if (headers.getHeader(name) !== '') return because(`this call came through a proxy (header ${name})`)
  }
  const host = headers.getHeader('host')
  if (!isOwnName(host)) return because(`the Host header names ${host.slice(0, 64)}`)
  const origin = headers.getHeader('origin')
  // How the page that the browser asks for relates to the gateway's own origin.
  const fetchSite = headers.getHeader('sec-fetch-site')
  const isPage =
    (origin !== '' && origin !== `http://${host}`) || fetchSite === 'cross-site' || fetchSite === 'same-site'
  return isPage ? because('this call comes from a web page') : undefined
}

/** The last Host that named this machine; most calls repeat it. */
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
