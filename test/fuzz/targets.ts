import { createRing, FULL, RingConsumer, RingProducer } from '#dist/bus/ring.js'
import { ApiError } from '#dist/http/api-error.js'
import { addBodyParameters, parseQuery } from '#dist/http/query.js'
import { BadBody } from '#dist/protocol/body.js'
import { Command } from '#dist/protocol/command.js'
import { encodeFrame, FrameWriter } from '#dist/protocol/encode.js'
import { Fate } from '#dist/protocol/fate.js'
import { Frame, FrameSplitter } from '#dist/protocol/frame.js'
import { BadLine, type DataKind, dataKindOf, parseMessage, toJson } from '#dist/protocol/json-format.js'
import { checkValue, skipValue } from '#dist/protocol/msgpack-scan.js'
import { packValue } from '#dist/protocol/msgpack-value.js'
import { readerOf, requests } from '#dist/protocol/requests.js'
import type { SessionContext } from '#dist/session/context.js'
import { dispatchBinary, dispatchText } from '#dist/session/dispatch.js'
import { Session, SessionState } from '#dist/session/session.js'
import { Tokens } from '#dist/session/token.js'
import type { Cid, Sid, Uid } from '#dist/util/id.js'
import { NO_LIMITS } from '../support/no-limits.js'
import { batch } from './batch.js'

type Verify = () => void

/** One parser under attack. */
export interface Target {
  /** Inputs that are good, to be changed. */
  seeds(): readonly Buffer[]
  /** @returns what looks closer at what came out, which is not timed @throws whatever should not happen; refusals are no errors */
  run(input: Buffer): Verify | undefined
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

const FRAME_BYTES_MAX = 65_536
const text = (value: string) => Buffer.from(value)

/** What stands in a body: one of each kind, and all forms of MessagePack. */
const values: readonly unknown[] = [
  { rid: 7001, level: 1, text: 'hello', data: { a: [1, -1, 2 ** 40, 1.5, null, true], 中文: 'żółć' } },
  {
    uid: 2n ** 64n - 1n,
    sid: 5,
    token: 'uid:1:ttl:2:sid:3:end.mac',
    app: 'a',
    version: '1',
    terminal: 'x',
    ids: 'text',
  },
  { gid: 9, name: 'n'.repeat(40), desc: 'd'.repeat(300), num: 70_000, after: 0, to: 8, duid: 4, cmd: 0x0410 },
  {},
  { data: Buffer.alloc(300, 7), text: '' },
]
const wild = [
  [0x82, 0xa4, ...text('data'), 0x83, 1, 0xd6, 0xff, 0, 0, 0, 1, 0xc0, 0xc7, 2, 5, 1, 2, 0x91, 1, 0xca, 0, 0, 0, 0],
  [0x81, 0xa4, ...text('data'), 0xdc, 0, 2, 0xd9, 1, 0x61, 0xc5, 0, 1, 0xff],
  [0xde, 0, 1, 0xa3, ...text('rid'), 0xcb, 0x40, 0x45, 0, 0, 0, 0, 0, 0],
]
const bodies = () => [...values.map(value => packValue(value)), ...wild.map(bytes => Buffer.from(bytes))]
const commands = Object.keys(requests).map(Number)
/** One of each kind of body; the length of the input says which. */
const BODIES = [Command.ONLINE, Command.GROUP_CREAT, Command.GROUP_GAG_ADD]

const writer = new FrameWriter()

/** What members get of a chat can be read by them, whatever was said. */
function passOn(body: object): Verify | undefined {
  const { data, text: said } = body as { data?: Buffer; text?: unknown }
  if (!Buffer.isBuffer(data) && !Buffer.isBuffer(said)) return undefined
  writer.begin().id('uid', 1)
  for (const [name, value] of [
    ['data', data],
    ['text', said],
  ] as const) {
    if (!Buffer.isBuffer(value)) continue
    writer.fields(Buffer.concat([packValue(name), value]), 0, name.length + 1 + value.length, 1)
  }
  const frame = writer.finish(Command.ROOM_CHAT, 0)
  const line = toJson(frame, 0, true)
  return () => {
    for (const value of [data, said]) {
      if (Buffer.isBuffer(value)) must(checkValue(value, 0, value.length) === value.length, 'passed on though refused')
    }
    isOneLine(line)
  }
}

function isOneLine(json: string): void {
  must(json.isWellFormed(), 'JSON with a lone surrogate')
  must(!json.includes('\n'), 'JSON of more than one line')
  JSON.parse(json)
}

const frames: Target = {
  seeds() {
    const one = encodeFrame(Command.ROOM_CHAT, 7, { rid: 1, text: 'x'.repeat(50) })
    return [Buffer.concat([one, encodeFrame(Command.PING, 1), one]), encodeFrame(Command.PING, 2), one]
  },
  run(input) {
    const whole = split([input])
    return () => {
      // Where it is cut depends on the input alone, so that it can be repeated.
      const at = input.length === 0 ? 0 : input[input.length >> 1]! % (input.length + 1)
      for (const cuts of [[at], [1, at], [4, at + 4]]) {
        const found = split(cutAt(cuts, input))
        must(found === whole, `cut at ${cuts}: ${found} instead of ${whole}`)
      }
    }
  },
}

function cutAt(cuts: readonly number[], input: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const cut of [...cuts.filter(cut => cut < input.length), input.length]) {
    pieces.push(input.subarray(from, Math.max(from, cut)))
    from = Math.max(from, cut)
  }
  return pieces
}

function split(chunks: readonly Buffer[]): string {
  const splitter = new FrameSplitter()
  const found: number[] = []
  for (const chunk of chunks) {
    const sound = splitter.push(chunk, FRAME_BYTES_MAX, (source, start, end) => {
      must(start >= 0 && end <= source.length && end - start >= Frame.HEADER_BYTES, 'a frame outside its bytes')
      found.push(end - start, source[start + Frame.COMMAND]!, source[end - 1]!)
      return true
    })
    if (!sound) return `${found} lost`
  }
  return `${found}`
}

const msgpack: Target = {
  seeds: bodies,
  run(input) {
    const loose = skipValue(input, 0, input.length)
    must(loose <= input.length, 'a value that ends outside')
    let verify: Verify | undefined
    for (const command of [Command.ROOM_CHAT, BODIES[input.length % BODIES.length]!]) {
      const body = readerOf(command)!.reader.binary(input, 0, input.length)
      if (body instanceof BadBody) must(body.errmsg.length < 400 && body.errmsg.isWellFormed(), 'a long error')
      else verify ??= passOn(body)
    }
    return () => {
      const strict = checkValue(input, 0, input.length)
      must(strict < 0 || strict === loose, 'two walks end in two places')
      verify?.()
    }
  },
}

const lines = [
  '{"cmd":"ROOM-CHAT","seq":7,"body":{"rid":7001,"level":1,"text":"hello","data":{"a":[1,-1,1099511627776,1.5,null]}}}',
  '{"cmd":"ONLINE","seq":"one","body":{"uid":"18446744073709551615","sid":18446744073709551615,"token":"t"}}',
  '{"cmd":"GROUP-CREAT","body":{"name":"\\ud83d\\ude00","desc":"\\u0000"}}',
  '{"cmd":"ROOM-CHAT","seq":null,"body":{"rid":1,"data64":"AAEC","data":{"__proto__":{"x":1e100}}}}',
  '{"cmd":"PING","seq":18446744073709551615}\n{"cmd":"OFFLINE"}',
]

const json: Target = {
  seeds: () => lines.map(text),
  run(input) {
    const message = parseMessage(input.toString())
    if (message instanceof BadLine) {
      must(message.why.length < 400, 'a long error')
      return undefined
    }
    if (typeof message.seq === 'string') JSON.parse(message.seq)
    const body = readerOf(message.command)?.reader.json(message.body)
    if (body === undefined) return undefined
    if (!(body instanceof BadBody)) return passOn(body)
    must(body.errmsg.length < 400 && body.errmsg.isWellFormed(), 'a long error')
    return undefined
  },
}

/** A gateway around dispatch: it answers, and asks homes that never answer. */
function surroundings(): SessionContext {
  const block = Buffer.alloc(FRAME_BYTES_MAX * 4)
  const context = {
    options: { frameBytesMax: FRAME_BYTES_MAX, heartbeatMs: 30_000, roomsPerSessionMax: 100 },
    admission: {
      limits: NO_LIMITS,
      shedding: { refuses: () => undefined },
      signIn: () => undefined,
      badSignIn: () => undefined,
      create: () => undefined,
    },
    hub: {
      send: (session: Session, frame: Buffer) => session.send(frame, 0),
      close: (session: Session) => {
        session.state = SessionState.CLOSED
      },
      kick: (session: Session) => {
        session.state = SessionState.CLOSED
      },
    },
    placement: { homeOf: () => 0 },
    congestion: { pause: () => true },
    calls: { request: () => undefined, tell: () => undefined },
    bus: { isUp: () => true, congested: () => false, begin: () => 0, end: () => undefined, block },
    clock: { wall: () => 1_700_000_000_000, now: () => 0 },
    tokens: { verify: () => 'forged' },
    newIds: { next: () => 1 },
    watchers: { update: () => undefined },
    server: '1.0.0',
    onMalformed: () => undefined,
    onDefect(defect: unknown) {
      throw defect
    },
  }
  return context as unknown as SessionContext
}

const context = surroundings()

function talk(input: Buffer, state: SessionState, speaksJson: boolean, dispatch: typeof dispatchText): Verify {
  const said: string[] = []
  const connection = {
    listener: 2,
    peer: { address: '', origin: '', isTls: false },
    write(payload: Buffer | string) {
      if (typeof payload === 'string') said.push(payload)
      return Fate.TAKEN
    },
    pause: () => true,
    resume: () => undefined,
    ping: () => undefined,
    bytesWaiting: 0,
    end: () => undefined,
  } as const
  const session = new Session(1 as Cid, connection, 0, 0)
  session.state = state
  session.speaksJson = speaksJson
  session.uid = 1 as Uid
  dispatch(context, session, input)
  session.flush()
  return () => {
    for (const line of said.join('\n').split('\n')) if (line !== '') isOneLine(line)
  }
}

const dispatch: Target = {
  seeds() {
    const asked = commands.flatMap((command, seq) => bodies().map(body => framed(command, seq, body)))
    return [...asked, ...lines.map(text), text(lines.join('\n')), text(' ping'), text('')]
  },
  run(input) {
    // Text begins with something else than the length of a frame.
    if (input.length > 0 && input[0]! < 0x09) return talk(input, SessionState.ONLINE, false, dispatchBinary)
    return talk(input, input.length % 8 === 0 ? SessionState.NEW : SessionState.ONLINE, true, dispatchText)
  },
}

function framed(command: number, seq: number, body: Buffer): Buffer {
  const header = Buffer.alloc(Frame.HEADER_BYTES)
  header.writeUInt32BE(Frame.LENGTH_MIN + body.length, 0)
  header.writeUInt16BE(command, Frame.COMMAND)
  header.writeUInt32BE(seq, Frame.SEQ)
  return Buffer.concat([header, body])
}

/** Refusals of the HTTP API are no crashes. */
function refusable(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

const query: Target = {
  seeds: () =>
    ['action=add&option=gag&rid=7&uid=8', 'a=%E4%B8%AD+b&c=&=d&&e', 'uid=18446744073709551615#x?y=z'].map(text),
  run(input) {
    refusable(() => {
      for (const [name, value] of parseQuery(input.toString())) must(name.length + value.length <= input.length, 'more')
    })
    return undefined
  },
}

const TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'Application/JSON; charset=utf-8',
  'text/plain',
  '',
]

/** The first byte says the content-type. */
const body: Target = {
  seeds: () =>
    [
      '{"uid":18446744073709551615,"name":"x","n":1.5}',
      'a=b&c=d',
      '[1,{"a":"\\ud83d\\ude00"},1e10]',
      '{"a":1,"a":1}',
    ].flatMap(given => TYPES.map((_type, index) => Buffer.concat([Buffer.from([index]), text(given)]))),
  run(input) {
    if (input.length === 0) return undefined
    const type = TYPES[input[0]! % TYPES.length]!
    const given = input.subarray(1)
    refusable(() => addBodyParameters(new Map(), type, given))
    const kind: DataKind | undefined = dataKindOf(type, given)
    if (kind === undefined) return undefined
    const line = toJson(encodeFrame(Command.BC, 0, { msgid: 1, data: given }), kind)
    return () => isOneLine(line)
  },
}

const tokens = new Tokens(Buffer.alloc(32, 1))
const [uid, sid] = [2n ** 64n - 1n, 7] as unknown as [Uid, Sid]
const good = tokens.issue(uid, sid, 2_000_000_000)

const token: Target = {
  seeds: () => [good, tokens.issue(uid, sid, 1), tokens.issue(1 as Uid, sid, 2_000_000_000)].map(text),
  run(input) {
    const given = input.toString()
    const verdict = tokens.verify(given, uid, sid, 1_700_000_000)
    must((verdict === 'good') === (given === good), `${verdict}: ${given}`)
    return undefined
  },
}

const RING_BYTES = 4096

/** Records, then bytes of the ring that are overwritten: u16 where, u8 what, and so on. */
const ring: Target = {
  seeds: () => [
    Buffer.from([8, 0, 0, 0, 0, 0, 16, 255]),
    Buffer.from([200, 5, 90, 1, 0, 0, 1, 255, 0, 2, 255, 0, 3, 255]),
    Buffer.alloc(64, 250),
  ],
  run(input) {
    const memory = createRing(RING_BYTES)
    const producer = new RingProducer(memory)
    const consumer = new RingConsumer(memory)
    const sent = 2 + ((input[0] ?? 0) % 64)
    // So that records stand at the end of the ring and at its beginning too.
    const lap = (input[1] ?? 0) * 8
    for (let index = 0; index < lap; index += 8) {
      if (producer.claim(0) === FULL) break
      producer.commit(1)
      consumer.drain(() => undefined, 1)
    }
    for (let index = 0; index < sent; index++) {
      if (producer.claim((input[2] ?? 8) % 100) === FULL) break
      producer.commit(1 + index)
    }
    for (let at = 3; at + 3 <= input.length; at += 3) {
      producer.block[input.readUInt16BE(at) % RING_BYTES] = input[at + 2]!
    }
    let records = 0
    try {
      consumer.drain((_kind, block, start, end) => {
        records++
        must(start >= 8 && end >= start && end <= block.length, 'a record outside the ring')
      }, Number.POSITIVE_INFINITY)
    } catch (error) {
      if ((error as Error).name !== 'RingCorruption') throw error
    }
    must(records <= RING_BYTES / 8, 'more records than fit')
    must(consumer.isEmpty, 'something is read twice')
    return undefined
  },
}

export const targets: Readonly<Record<string, Target>> = {
  frames,
  msgpack,
  json,
  dispatch,
  query,
  body,
  batch,
  token,
  ring,
}
