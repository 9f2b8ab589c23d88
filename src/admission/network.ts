/** Where an address belongs to, in two words: an IPv4 address as it is, of an IPv6 address the first 64 bits. */
export class Network {
  high = 0
  low = 0

  /** Reads an address as a transport tells it. What is no address is the network 0. @returns this, until the next call */
  read(address: string): this {
    const v4 = /^(?:::ffff:|0000:0000:0000:0000:0000:ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(address)
    if (v4 !== null) {
      // ::ffff:0:0/96 has its own word in the first 64 bits of nothing that is routed.
      this.high = V4
      this.low = (Number(v4[1]) << 24) | (Number(v4[2]) << 16) | (Number(v4[3]) << 8) | Number(v4[4])
      return this
    }
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
}

const V4 = 0xffff

function word16(text: string | undefined): number {
  return Number.parseInt(text ?? '0', 16) & 0xffff
}
