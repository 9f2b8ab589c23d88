import { networkInterfaces } from 'node:os'
import type { Options } from '../config/options.ts'
import { type Listener, ListenerType, listenerNid } from '../contract/listener.ts'
import { addressText } from '../util/address.ts'
import { type ReservedPort, reservePort } from './ports.ts'

interface Wanted {
  readonly type: ListenerType
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/** The listeners that the options ask for, in the order of their numbers. */
function wanted({ tcpHost, tcpPort, httpHost, httpPort }: Options): readonly Wanted[] {
  return [
    { type: ListenerType.TCP, host: tcpHost, port: tcpPort },
    { type: ListenerType.WS, host: httpHost, port: httpPort },
  ]
}

export interface ReservedListeners {
  readonly listeners: readonly Listener[]
  /** Call it once the workers listen: the ports need no reservation then. */
  release(): void
}

/** Chooses and reserves the ports of all listeners. @throws Error of the system */
export async function reserveListeners(options: Options): Promise<ReservedListeners> {
  const listeners: Listener[] = []
  const reserved: ReservedPort[] = []
  for (const { type, host, port: asked } of wanted(options)) {
    const one = await reservePort(host, asked)
    const { port } = one
    reserved.push(one)
    const ipaddr = addressText(advertised(host, options), port)
    listeners.push({ nid: listenerNid(options.nodeId, type), type, host, port, ipaddr })
  }
  return {
    listeners,
    release() {
      for (const one of reserved.splice(0)) one.release()
    },
  }
}

/** The first listener of a type. */
export function listenerOf(listeners: readonly Listener[], type: ListenerType): Listener | undefined {
  return listeners.find(one => one.type === type)
}

/** The address of the first listener of a type, for the log. */
export function listenAddress(listeners: readonly Listener[], type: ListenerType): string {
  const listener = listenerOf(listeners, type)
  return listener === undefined ? '' : `${listener.host}:${listener.port}`
}

function advertised(host: string, { advertiseHost }: Options): string {
  if (advertiseHost !== '') return advertiseHost
  return isAny(host) ? ownAddress() : host
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The first address of this machine that others can reach. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flat()
  return addresses.find(one => one?.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1'
}
