/* How long one HTTP body keeps everybody else waiting: a gateway with one worker gets batches of pushes of 8 MB. Prints for
 * each body the longest turn of the worker's event loop, in milliseconds of its CPU (bench/turns.mjs), the median and the
 * highest of some rounds, and how long the batch took: npm run build && node bench/http-stall.mjs [name] [folder of dist] */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'

const BYTES = (8 << 20) - 1000
const ROUNDS = Number(process.env.ROUNDS ?? 5)
const KEY = 'bench'

function post(port, body, headers) {
  const all = { 'x-api-key': KEY, 'content-type': 'application/json', 'content-length': body.length, ...headers }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const call = request({ port, method: 'POST', path: '/im/push/batch', headers: all }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => {
        const refused = text.match(/"code":[1-9]/g)?.length ?? 0
        resolve({ ms: performance.now() - began, status: response.statusCode, refused, text: text.slice(0, 200) })
      })
    })
    call.on('error', reject)
    call.end(body)
  })
}

function bodies() {
  const id = n => 7_301_444_403_200_000_000n + BigInt(n)
  const push = (n, data) => `{"dim":"uid","uid":${id(n)},"data":${data}}`
  const list = word => {
    const item = n => {
      let data = ''
      while (data.length < BYTES / 1000 - 120) data += `${data === '' ? '' : ','}{"id":${word(n)},"name":"somebody"}`
      return push(n, `[${data}]`)
    }
    return `[${Array.from({ length: 1000 }, (_, n) => item(n)).join(',')}]`
  }
  const wide = Array.from({ length: 1000 }, (_, n) => push(n, `{${keys(n)}}`))
  function keys(n) {
    let text = ''
    for (let at = 0; text.length < BYTES / 1000 - 120; at++) text += `${at === 0 ? '' : ','}"k${n}_${at}":${at}`
    return text
  }
  const honest = list(id)
  return {
    'nothing (calm)': { body: '[]' },
    'one number of 8 million digits': { body: `[{"dim":"uid","uid":${'7'.repeat(BYTES)},"data":"x"}]` },
    '1000 pushes with 64-bit ids': { body: honest },
    'the same with small ids': { body: list(n => n) },
    'the same, gzip': { body: gzipSync(honest), headers: { 'content-encoding': 'gzip' } },
    '1000 pushes of many keys': { body: `[${wide.join(',')}]` },
    'brackets, 4 million deep': { body: `[${push(1, `${'['.repeat(BYTES / 2)}${']'.repeat(BYTES / 2)}`)}]` },
    'one text of 8 MB': { body: `[${push(1, `"${'x'.repeat(BYTES)}"`)}]` },
    'one text of escapes': { body: `[${push(1, `"${'\\u0041'.repeat(BYTES / 6)}"`)}]` },
    '8 MB of spaces': { body: `[${' '.repeat(BYTES)}${push(1, '"x"')}]` },
    'fields without end in one push': { body: `[{${'"a":1,'.repeat(BYTES / 6)}"dim":"uid"}]` },
    '800,000 empty pushes': { body: `[${'{},'.repeat(BYTES / 3)}{}]` },
  }
}

const median = values => values.toSorted((a, b) => a - b)[values.length >> 1]
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

async function main() {
  const [wanted = '', dist = 'dist'] = process.argv.slice(2)
  const folder = mkdtempSync(join(tmpdir(), 'imgate-bench-'))
  const turns = join(folder, 'turns')
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import=${new URL('turns.mjs', import.meta.url)}`,
    IMGATE_BENCH_TURNS: turns,
    IMGATE_WORKERS: '1',
    IMGATE_HTTP_PORT: '0',
    IMGATE_TCP_PORT: '0',
    IMGATE_DATA_DIR: join(folder, 'data'),
    IMGATE_API_KEYS: KEY,
  }
  const gateway = spawn(process.execPath, [`${dist}/main.js`, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise(resolve => {
    createInterface({ input: gateway.stdout }).on('line', line => {
      const { http } = line.startsWith('{') ? JSON.parse(line) : {}
      if (http !== undefined) resolve(Number(http.split(':')[1]))
    })
  })
  console.log('| body | longest turn, ms of CPU | at most | the batch, ms | answer |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const [name, { body, headers = {} }] of Object.entries(bodies())) {
    if (!name.includes(wanted)) continue
    const longest = []
    const lasted = []
    let answer
    for (let round = 0; round <= ROUNDS; round++) {
      writeFileSync(turns, '')
      answer = await post(port, Buffer.from(body), headers)
      // The last turn is written down a moment later.
      await pause(100)
      // The first round warms up.
      if (round === 0) continue
      longest.push(Math.max(0, ...readFileSync(turns, 'utf8').split('\n').map(Number)))
      lasted.push(answer.ms)
    }
    const said = `${answer.status}${answer.refused > 0 ? `, ${answer.refused} refused` : ''}`
    const figures = [median(longest), Math.max(...longest)].map(ms => (ms === 0 ? 'under 1' : ms.toFixed(1)))
    console.log(`| ${name} | ${figures.join(' | ')} | ${median(lasted).toFixed(0)} | ${said} |`)
  }
  gateway.kill('SIGTERM')
  await once(gateway, 'exit')
  rmSync(folder, { recursive: true })
}

await main()
