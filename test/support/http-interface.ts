import type { Test } from 'tap'
import type { CallOptions } from './api.js'
import { ErrorCode } from './error-codes.js'
import type { Gateway } from './gateway.js'

/** An HTTP interface with parameters that it accepts. */
export interface HttpInterface {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query: Record<string, string>
  /** The parameters that it cannot do without. */
  readonly needs: readonly string[]
}

/** @param needs the necessary parameters, between spaces */
export function httpInterface(
  name: string,
  path: string,
  query: Record<string, string>,
  needs: string,
  method: 'GET' | 'POST' = 'GET',
): HttpInterface {
  return { name, method, path, query, needs: needs.split(' ') }
}

const IDS = ['uid', 'sid', 'rid', 'gid', 'nid']

/** What every interface refuses in the same way. */
export function testRefusals(t: Test, gateway: Gateway, interfaces: readonly HttpInterface[]): void {
  for (const { name, method, path, query, needs } of interfaces) {
    const call = (changed: Record<string, string | undefined>) => {
      const options: CallOptions = { method, query: { ...query, ...changed } }
      if (method === 'POST') options.body = 'x'
      return gateway.api.call(path, options)
    }

    t.test(`${name}: a missing parameter is named`, async t => {
      for (const need of needs) {
        const { status, body } = await call({ [need]: undefined })
        t.equal(status, 400, need)
        t.equal(body.code, ErrorCode.MISSING_PARAMETER, need)
        t.match(body.errmsg, new RegExp(`\\b${need}\\b`))
      }
    })

    t.test(`${name}: a parameter given twice is refused`, async t => {
      for (const parameter of needs) {
        const twice = `${path}?${parameter}=${query[parameter]}`
        const options: CallOptions = { method, query, ...(method === 'POST' ? { body: 'x' } : {}) }
        const { status, body } = await gateway.api.call(twice, options)
        t.equal(status, 400, parameter)
        t.equal(body.code, ErrorCode.BAD_PARAMETER, parameter)
        t.match(body.errmsg, new RegExp(`\\b${parameter}\\b`))
      }
    })

    t.test(`${name}: an id that is none is refused by its name and value`, async t => {
      for (const parameter of Object.keys(query).filter(parameter => IDS.includes(parameter))) {
        for (const bad of ['-7', '7e1', '18446744073709551616', 'seven']) {
          const { status, body } = await call({ [parameter]: bad })
          t.equal(status, 400, `${parameter}=${bad}`)
          t.equal(body.code, ErrorCode.BAD_PARAMETER)
          t.match(body.errmsg, new RegExp(`\\b${parameter}\\b`))
          t.ok(body.errmsg.includes(bad), `${body.errmsg} shows what came`)
        }
      }
      t.pass('all of its ids were tried')
    })

    t.test(`${name}: another method is refused`, async t => {
      for (const wrong of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
        // Configuration may be POSTed too.
        if (wrong === method || (wrong === 'POST' && path.endsWith('/config'))) continue
        const { status, body } = await gateway.api.call(path, { method: wrong, query })
        t.equal(status, 405, wrong)
        t.equal(body.code, ErrorCode.WRONG_METHOD, wrong)
      }
    })
  }
}
