import t, { type Test } from 'tap'
import type { ListEntry, Reply } from './support/api.js'
import type { Body } from './support/body.js'
import { TRANSPORTS } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'
import { freshId } from './support/ids.js'
import { parseJson, toJson } from './support/json.js'
import { pushedBytes } from './support/pushed.js'
import { joinRoom } from './support/room.js'

const gateway = await startGateway(t)
const BIGGEST = 2n ** 64n - 1n
const BATCH_MAX = 1000

function sendText(body: string): Promise<Reply> {
  return gateway.api.call('/im/push/batch', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
}

/** A batch that is taken as a whole. @returns its answers, which stand in the order of the pushes */
async function batch(t: Test, pushes: readonly unknown[]): Promise<readonly ListEntry[]> {
  const { status, body } = await sendText(toJson(pushes))
  t.equal(status, 200, body.errmsg)
  t.hasStrict(body, { code: 0, errmsg: 'OK', len: pushes.length })
  t.equal(body.list?.length, pushes.length, 'one answer for each push')
  return body.list!
}

async function oneOfEach(uid?: number): Promise<Device[]> {
  const devices: Device[] = []
  for (const transport of TRANSPORTS) {
    devices.push(await signIn(t, gateway, { transport, ...(uid === undefined ? {} : { uid }) }))
  }
  return devices
}

t.test('the answers stand in the order of the pushes, each as if it had come alone', async t => {
  const [owner, member, other] = (await oneOfEach()) as [Device, Device, Device]
  const gid = await createGroup(owner)
  for (const device of [owner, member, other]) await joinRoom(device, BIGGEST)
  const answers = await batch(t, [
    { dim: 'uid', uid: owner.uid, data: 'first' },
    { dim: 'room', rid: BIGGEST, expire: 0, data: 'second' },
    { dim: 'group', gid, data: 'third' },
    { dim: 'sid', sid: other.sid, data: 'fourth' },
    { dim: 'uid', uid: BIGGEST, data: 'fifth' },
    { dim: 'appid', appid: 'nobody has it', version: '9', data: 'sixth' },
    { dim: 'appid', appid: 'test', data: 'seventh' },
  ])
  for (const [index, wanted] of [
    { uid: owner.uid, total: 1 },
    { rid: BIGGEST, total: 3 },
    { gid, total: 1 },
    { sid: other.sid, total: 1 },
    { uid: BIGGEST, total: 0 },
    { appid: 'nobody has it', total: 0 },
    { appid: 'test', total: 3 },
  ].entries()) {
    t.hasStrict(answers[index], { ...wanted, code: 0, errmsg: 'OK' }, `answer ${index}`)
  }
  const msgidOf = ({ msgid }: { msgid?: unknown }) => msgid
  t.equal(msgidOf(await owner.client.next('P2P')), answers[0]!['msgid'])
  t.equal(msgidOf(await member.client.next('ROOM-BC')), answers[1]!['msgid'])
  t.equal(msgidOf(await owner.client.next('GROUP-BC')), answers[2]!['msgid'])
  t.equal(msgidOf(await other.client.next('P2P')), answers[3]!['msgid'])
  t.equal(msgidOf(await member.client.next('BC')), answers[6]!['msgid'])
})

t.test('the pushes of a batch to one room arrive in its order', async t => {
  const devices = await oneOfEach()
  const rid = freshId()
  for (const device of devices) await joinRoom(device, rid)
  const texts = Array.from({ length: 50 }, (_, index) => `push ${index}`)
  await batch(
    t,
    texts.map(data => ({ dim: 'room', rid, expire: 0, data })),
  )
  for (const { client } of devices) {
    const arrived: string[] = []
    for (const _ of texts) arrived.push(pushedBytes(client, await client.next('ROOM-BC')).toString())
    t.strictSame(arrived, texts, client.transport)
  }
})

t.test('what is wrong with one push does not touch the others', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const { uid } = device
  const good = { dim: 'uid', uid }
  const closed = freshId()
  await gateway.api.roomConfig('close', 'room', { rid: closed })
  const bad: [unknown, number, RegExp][] = [
    [{ uid, data: 'x' }, ErrorCode.MISSING_PARAMETER, /\bdim\b/],
    [{ dim: 'planet', data: 'x' }, ErrorCode.UNKNOWN_PATH, /planet/],
    [{ dim: 'uid', data: 'x' }, ErrorCode.MISSING_PARAMETER, /\buid\b/],
    [{ dim: 'uid', uid: 0, data: 'x' }, ErrorCode.BAD_PARAMETER, /\buid\b/],
    [{ dim: 'uid', uid: '18446744073709551616', data: 'x' }, ErrorCode.BAD_PARAMETER, /\buid\b/],
    [{ dim: 'uid', uid: [uid], data: 'x' }, ErrorCode.BAD_PARAMETER, /\buid\b/],
    [{ dim: 'room', rid: 1, data: 'x' }, ErrorCode.MISSING_PARAMETER, /\bexpire\b/],
    [{ dim: 'room', rid: closed, expire: 0, data: 'x' }, ErrorCode.CLOSED, /./],
    [{ dim: 'group', gid: freshId(), data: 'x' }, ErrorCode.NO_SUCH_GROUP, /./],
    [{ ...good }, ErrorCode.MISSING_PARAMETER, /\bdata\b/],
    [{ ...good, data: '' }, ErrorCode.MISSING_PARAMETER, /./],
    [{ ...good, data: 'x', data64: 'eA==' }, ErrorCode.BAD_PARAMETER, /\bdata64\b/],
    [{ ...good, data64: 'not base64!' }, ErrorCode.BAD_PARAMETER, /\bdata64\b/],
    [{ ...good, data64: 'eA==e' }, ErrorCode.BAD_PARAMETER, /\bdata64\b/],
    [{ ...good, data64: 'eHh4e' }, ErrorCode.BAD_PARAMETER, /\bdata64\b/],
    [{ ...good, data64: 5 }, ErrorCode.BAD_PARAMETER, /\bdata64\b/],
    [{ ...good, data: 'x', key: 5 }, ErrorCode.BAD_PARAMETER, /\bkey\b/],
    [{ ...good, data: 'x', key: '' }, ErrorCode.BAD_PARAMETER, /\bkey\b/],
    [{ ...good, data: 'x', key: 'k'.repeat(256) }, ErrorCode.BAD_PARAMETER, /\bkey\b/],
    ['text', ErrorCode.BAD_PARAMETER, /./],
    [null, ErrorCode.BAD_PARAMETER, /./],
    [[good], ErrorCode.BAD_PARAMETER, /./],
  ]
  const answers = await batch(
    t,
    bad.flatMap(([push], index) => [{ ...good, data: `good ${index}` }, push]),
  )
  for (const [index, [push, code, words]] of bad.entries()) {
    t.hasStrict(answers[2 * index], { code: 0, total: 1 }, 'the good one before it')
    const refusal = answers[2 * index + 1]!
    t.equal(refusal['code'], code, `${JSON.stringify(push)}: ${refusal['errmsg']}`)
    t.match(refusal['errmsg'], words)
    t.equal(refusal['msgid'], undefined, 'it has no msgid')
  }
  await fence(gateway, device)
  t.strictSame(
    device.client
      .received('P2P')
      .map(body => pushedBytes(device.client, body).toString())
      .filter(text => !text.startsWith('"fence')),
    bad.map((_, index) => `good ${index}`),
    'the good ones arrived, once, in order, and nothing of the others',
  )
})

t.test('data is text, a JSON value or bytes, and every client gets it', async t => {
  const uid = freshId()
  const devices = await oneOfEach(uid)
  const bytes = Buffer.from([0, 255, 254, 10, 0xc3, 0x28])
  const object = { id: BIGGEST, list: [1, 2.5, 'drei', null, true], nested: { umlaut: 'ä' } }
  const pushes = [
    { data: 'text ✓' },
    { data: '{"text":"that looks like JSON"}' },
    { data: object },
    { data: [1, [2]] },
    { data: 5 },
    { data: false },
    { data: null },
    { data64: bytes.toString('base64') },
    { data64: bytes.toString('base64').replace(/=+$/, '') },
  ]
  for (const answer of await batch(
    t,
    pushes.map(push => ({ dim: 'uid', uid, ...push })),
  )) {
    t.hasStrict(answer, { code: 0, total: 3 }, String(answer['errmsg']))
  }
  for (const { client } of devices) {
    for (const { data, data64 } of pushes) {
      const body: Body = await client.next('P2P')
      if (data64 !== undefined) t.strictSame(pushedBytes(client, body), bytes, `${client.transport} bytes`)
      else if (client.format === 'json') t.strictSame(body.data, data, `${client.transport} ${toJson(data)}`)
      else {
        const text = pushedBytes(client, body).toString()
        t.strictSame(typeof data === 'string' ? text : parseJson(text), data, `${client.transport} ${toJson(data)}`)
      }
    }
  }
})

t.test('a key that has been used gives its first answer again and delivers nothing twice', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const { uid } = device
  const key = `key of ${uid}`
  const push = { dim: 'uid', uid, data: 'once', key }
  const [first, same, other] = await batch(t, [push, push, { ...push, key: `${key}, another`, data: 'twice' }])
  const [again] = await batch(t, [push])
  for (const answer of [first, same, again]) t.hasStrict(answer, { code: 0, total: 1, uid, msgid: first!['msgid'] })
  t.not(other!['msgid'], first!['msgid'])
  const alone = await gateway.api.push('uid', { uid }, 'once', { idempotencyKey: key })
  t.equal(alone.msgid, first!['msgid'], 'it is the key of a push that comes alone, too')
  await fence(gateway, device)
  const texts = device.client.received('P2P').map(body => pushedBytes(device.client, body).toString())
  t.strictSame(texts.filter(text => !text.startsWith('"fence')).sort(), ['once', 'twice'])
})

t.test('a key of a push in a batch, or of a whole batch, is of that one alone', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'tcp' })
  const key = `key of one of ${uid}`
  const [first, ...others] = await batch(t, [
    { dim: 'uid', uid, data: 'once', key },
    { dim: 'uid', uid, data: 'other', key },
    { dim: 'uid', uid, data: 'once', expire: 1, key },
    { dim: 'room', rid: freshId(), expire: 0, data: 'once', key },
  ])
  t.equal(first!['code'], 0)
  for (const { code, errmsg } of others) {
    t.equal(code, 10017)
    t.match(errmsg, /^Idempotency-Key: .*another request/)
  }
  const send = async (data: string) => {
    const headers = { 'idempotency-key': `batch of ${uid}` }
    const body = JSON.stringify([{ dim: 'uid', uid, data }, { dim: 'nobody' }])
    return (await gateway.api.call('/im/push/batch', { method: 'POST', body, headers })).body
  }
  const whole = await send('whole')
  t.hasStrict(whole, { code: 0, len: 2 })
  t.strictSame(await send('whole'), whole, 'the same reply, refusals too')
  t.hasStrict(await send('other'), { code: 10017 })
  await gateway.api.push('uid', { uid }, 'last')
  await client.next('P2P', body => pushedBytes(client, body).toString() === 'last')
  const texts = client.received('P2P').map(body => pushedBytes(client, body).toString())
  t.strictSame(texts, ['once', 'whole', 'last'])
})

t.test('a batch of 1000 is carried out, one of 1001 is refused as a whole', async t => {
  const device = await signIn(t, gateway, { transport: 'ws-binary' })
  const { uid } = device
  const pushes = Array.from({ length: BATCH_MAX + 1 }, (_, index) => ({ dim: 'uid', uid, data: index }))
  const answers = await batch(t, pushes.slice(0, BATCH_MAX))
  t.ok(
    answers.every(({ code, total }) => code === 0 && total === 1),
    'every one was sent',
  )
  const { status, body } = await sendText(toJson(pushes))
  t.equal(status, 400)
  t.equal(body.code, ErrorCode.BAD_PARAMETER)
  t.match(body.errmsg, /1000/, 'it says how many may come')
  await fence(gateway, device)
  const numbers = device.client.received('P2P').map(sent => pushedBytes(device.client, sent).toString())
  t.strictSame(
    numbers.filter(text => !text.startsWith('"fence')),
    pushes.slice(0, BATCH_MAX).map(({ data }) => `${data}`),
    'the thousand arrived in order, and nothing of the other batch',
  )
})

t.test('an empty batch has an empty list', async t => {
  t.strictSame(await batch(t, []), [])
})

t.test('what is no JSON array is refused', async t => {
  for (const text of ['', '{}', '{"list":[]}', '5', 'null', '"[]"', '[', '[]]', '[{}', '[{"dim":"uid",}]']) {
    const { status, body } = await sendText(text)
    t.equal(status, 400, text)
    t.equal(body.code, ErrorCode.BAD_PARAMETER, text)
    t.match(body.errmsg, /array/)
  }
})

t.test('data of a push may be as long in a batch as alone, and no longer', async t => {
  const uid = freshId()
  const [longest, tooLong] = await batch(t, [
    { dim: 'uid', uid, data: 'x'.repeat(65_536) },
    { dim: 'uid', uid, data: 'x'.repeat(65_537) },
  ])
  t.hasStrict(longest, { code: 0, total: 0 })
  t.equal(tooLong!['code'], ErrorCode.TOO_LONG, String(tooLong!['errmsg']))
})

t.test('a hostile push in a long batch is refused alone, and others are served meanwhile', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const good = (text: string) => `{"dim":"uid","uid":${device.uid},"data":"${text}"}`
  const many = 4 << 20
  const sent = sendText(
    `[${[
      good('first'),
      `{"dim":"uid","uid":${'7'.repeat(many)},"data":"x"}`,
      `{"dim":"uid","uid":${device.uid},"data":${'['.repeat(many / 4)}${']'.repeat(many / 4)}}`,
      `{"dim":"uid","uid":${device.uid},"data":${'['.repeat(9000)}${']'.repeat(9000)}}`,
      `{"dim":"uid","uid":${'7'.repeat(2000)},"data":"x"}`,
      good('last'),
    ].join(',')}]`,
  )
  for (let call = 0; call < 5; call++) t.equal((await gateway.api.call('/healthz')).status, 200)
  const { body } = await sent
  t.strictSame(
    body.list?.map(({ code }) => code),
    [0, ErrorCode.TOO_LONG, ErrorCode.TOO_LONG, ErrorCode.BAD_PARAMETER, ErrorCode.BAD_PARAMETER, 0],
  )
  await fence(gateway, device)
  const texts = device.client.received('P2P').map(push => pushedBytes(device.client, push).toString())
  t.strictSame(
    texts.filter(text => !text.startsWith('"fence')),
    ['first', 'last'],
  )
})
