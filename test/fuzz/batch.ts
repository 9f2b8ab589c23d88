import { ApiError } from '#dist/http/api-error.js'
import { type Push, readBatch } from '#dist/http/handlers/batch-body.js'
import type { Target } from './targets.js'

const PUSH_BYTES_MAX = 4096

/** @returns what it says, or undefined where it is refused as a whole */
function read(input: Buffer): readonly (Push | Error)[] | undefined {
  const steps = readBatch(input, PUSH_BYTES_MAX)
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
    }
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

/** The parser of the runtime; undefined where it finds no JSON. */
function parsed(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString())
  } catch {
    return undefined
  }
}

function sameData({ body, contentType }: Push, value: object): boolean {
  const { data, data64 } = value as { data?: unknown; data64?: string }
  if (contentType === 'application/octet-stream') return body.equals(Buffer.from(data64!, 'base64'))
  if (contentType === 'text/plain') return body.toString() === Buffer.from(data as string).toString()
  return JSON.stringify(parsed(body)) === JSON.stringify(data)
}

/** The body of a batch is read as another parser reads it, or it is refused. */
export const batch: Target = {
  seeds: () =>
    [
      '[{"dim":"uid","uid":18446744073709551615,"data":"text \\u00e9 \\ud83d\\ude00","key":"k"}]',
      ' [ {"dim":"room", "rid" : 7 ,"expire":0,"data":{"a":[1,{"b":null}],"c":"]}"}} , {"data64":"AAEC","dim":"broadcast"} ]\n',
      '[{"dim":"uid","uid":1e3,"data":[[[[1]]]]},{},[],5,null,"\\"",true]',
      `[{"uid":${'7'.repeat(200)},"data":"\\\\","__proto__":"x","data":-0.5}]`,
      '[]',
      '[{"a":"b","a":"c","data":[]},{"dim":"appid","appid":"a","version":"1","data":false}]',
    ].map(text => Buffer.from(text)),
  run(input) {
    const pushes = read(input)
    return () => {
      const value = parsed(input)
      if (pushes === undefined) {
        if (Array.isArray(value) && value.length <= 1000) throw new Error('a JSON array was refused as a whole')
        return
      }
      if (pushes.some(push => push instanceof ApiError)) return
      if (!Array.isArray(value) || value.length !== pushes.length) throw new Error('it was read, and is no JSON array')
      for (const [index, push] of (pushes as readonly Push[]).entries()) {
        if (!sameData(push, value[index] as object)) throw new Error(`another data was read of push ${index}`)
      }
    }
  },
}
