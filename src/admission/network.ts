/** Where an address belongs to, in two words: an IPv4 address as it is, of an IPv6 address the first 64 bits. */
export class Network {
  high = 0
  low = 0

  /** Reads an address as a transport tells it. What is no address is the network 0. @returns this, until the next call */
  read(address: string): this {
    // Almost all are of IPv4: a pattern would cost ten times as much.
    if (this.#readV4(address, address.startsWith(MAPPED) ? MAPPED.length : 0)) return this
    const mapped = /^(?:::ffff|0000:0000:0000:0000:0000:ffff):([0-9a-f]+):([0-9a-f]+)$/i.exec(address)
    if (mapped !== null) {
      this.high = V4
      this.low = (word16(mapped[1]) << 16) | word16(mapped[2])
      return this
    }
    const [front = '', back] = address.split('::', 2)
    const words = front === '' ? [] : front.split(':')
    const behind = back === undefined || back === '' ? [] : back.split(':')
    while (words.length + behind.length < 8) words.push('0')
    words.push(...behind)
    this.high = (word16(words[0]) << 16) | word16(words[1])
    this.low = (word16(words[2]) << 16) | word16(words[3])
    return this
  }

  /** @returns whether it is one, written in decimal */
  #readV4(text: string, from: number): boolean {
    let whole = 0
    let byte = 0
    let dots = 0
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === DOT) {
        whole = (whole << 8) | byte
        byte = 0
        dots++
      } else if (code >= ZERO && code <= NINE) byte = byte * 10 + code - ZERO
      else return false
    }
    if (dots !== 3) return false
    this.high = V4
    this.low = (whole << 8) | byte
    return true
  }
}

/** The first word of an IPv4 address: that of 0:ffff::/32, which nobody has. */
const V4 = 0xffff
const MAPPED = '::ffff:'
const [DOT, ZERO, NINE] = [0x2e, 0x30, 0x39]

function word16(text: string | undefined): number {
  return Number.parseInt(text ?? '0', 16) & 0xffff
}
