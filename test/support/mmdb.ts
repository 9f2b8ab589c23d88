import { isIPv6 } from 'node:net'

/* A writer of the MaxMind DB format, version 2.0: enough for tests.
 *
 *    | search tree: nodes of two 24-bit records | 16 zero bytes | data section | metadata marker | metadata |
 *
 * A record is the number of another node, or the number of nodes for "nothing", or beyond it where in the data the entry is. */
export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue }

export interface MmdbNetwork {
  /** Such as 203.0.113.0/24 or 2001:db8::/32. */
  readonly network: string
  readonly entry: MmdbValue
}

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const SEPARATOR_BYTES = 16
const RECORD_BITS = 24
const Type = { STRING: 2, UINT16: 5, UINT32: 6, MAP: 7, UINT64: 9, ARRAY: 11 } as const
/** Types up to 7 stand in the three high bits; those beyond in a byte of their own. */
const TYPE_MAX_SHORT = 7

/** The control bytes: type, and how many bytes or entries follow. */
function control(type: number, size: number): Buffer {
  const isExtended = type > TYPE_MAX_SHORT
  const [sizeBits, more] =
    size < 29 ? [size, []] : size < 29 + 256 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 0xff]]
  const first = ((isExtended ? 0 : type) << 5) | sizeBits
  return Buffer.from([first, ...(isExtended ? [type - TYPE_MAX_SHORT] : []), ...more])
}

function unsigned(type: number, value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.concat([control(type, bytes.length), Buffer.from(bytes)])
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'number') return unsigned(Type.UINT32, value)
  if (typeof value === 'string')
    return Buffer.concat([control(Type.STRING, Buffer.byteLength(value)), Buffer.from(value)])
  if (Array.isArray(value)) return Buffer.concat([control(Type.ARRAY, value.length), ...value.map(encode)])
  const fields = Object.entries(value)
  return Buffer.concat([control(Type.MAP, fields.length), ...fields.flat().map(encode)])
}

/** The bits of a network in the one tree: an IPv4 address stands below 96 zero bits. */
function bitsOf(network: string): number[] {
  const [address, length] = network.split('/') as [string, string]
  const bytes = isIPv6(address)
    ? bytesOfIpv6(address)
    : [...Array<number>(12).fill(0), ...address.split('.').map(Number)]
  const bits = bytes.flatMap(byte => Array.from({ length: 8 }, (_, index) => (byte >> (7 - index)) & 1))
  return bits.slice(0, Number(length) + (isIPv6(address) ? 0 : 96))
}

function bytesOfIpv6(address: string): number[] {
  const [head, tail] = address.split('::') as [string, string | undefined]
  const groups = (text: string) => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const zeros = Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...zeros, ...after].flatMap(group => [group >> 8, group & 0xff])
}

type Node = [Child, Child]
type Child = Node | { readonly offset: number } | undefined

function isNode(child: Child): child is Node {
  return Array.isArray(child)
}

/** Puts an entry at the end of its bits; more specific networks have to come later. */
function insert(root: Node, bits: readonly number[], offset: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const child = node[bit]
    const next: Node = isNode(child) ? child : [child, child]
    node[bit] = next
    node = next
  }
  node[bits.at(-1)!] = { offset }
}

/** A database of these networks. @param networks the wider ones first */
export function mmdb(networks: readonly MmdbNetwork[]): Buffer {
  const root: Node = [undefined, undefined]
  const data: Buffer[] = []
  let offset = 0
  for (const { network, entry } of networks) {
    insert(root, bitsOf(network), offset)
    const bytes = encode(entry)
    data.push(bytes)
    offset += bytes.length
  }
  const nodes: Node[] = [root]
  const numberOf = new Map<Node, number>([[root, 0]])
  for (const node of nodes) {
    for (const child of node.filter(isNode)) {
      numberOf.set(child, nodes.length)
      nodes.push(child)
    }
  }
  const tree = Buffer.alloc((nodes.length * RECORD_BITS * 2) / 8)
  for (const [index, node] of nodes.entries()) {
    for (const [side, child] of node.entries()) {
      const record = isNode(child)
        ? numberOf.get(child)!
        : child === undefined
          ? nodes.length
          : nodes.length + SEPARATOR_BYTES + child.offset
      tree.writeUIntBE(record, index * 6 + side * 3, 3)
    }
  }
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...data, MARKER, metadata(nodes.length)])
}

function metadata(nodeCount: number): Buffer {
  const fields: [string, Buffer][] = [
    ['binary_format_major_version', unsigned(Type.UINT16, 2)],
    ['binary_format_minor_version', unsigned(Type.UINT16, 0)],
    ['build_epoch', unsigned(Type.UINT64, 1_700_000_000)],
    ['database_type', encode('Test-Country-ISP')],
    ['description', encode({ en: 'networks of a test' })],
    ['ip_version', unsigned(Type.UINT16, 6)],
    ['languages', encode(['en'])],
    ['node_count', unsigned(Type.UINT32, nodeCount)],
    ['record_size', unsigned(Type.UINT16, RECORD_BITS)],
  ]
  return Buffer.concat([control(Type.MAP, fields.length), ...fields.flatMap(([name, value]) => [encode(name), value])])
}
