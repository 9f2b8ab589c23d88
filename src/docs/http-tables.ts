import type { Kind, Kinds } from '../http/kind.ts'
import type { Route } from '../http/route.ts'
import { table } from './table.ts'

const yesOrNo = (is: boolean) => (is ? 'yes' : 'no')

/** The parameters of a request, without those that choose the interface, and the fields of a JSON body. */
export function requestTables({ query, body }: Route): string {
  const parameters = Object.entries(query)
  const tables = [parameters.length > 0 ? fieldTable('parameter', query) : 'No parameters.']
  if (body !== undefined) {
    const { words, meaning, fields } = body.about
    tables.push(`Body: a JSON ${words}. ${meaning}`)
    if (fields !== undefined) tables.push(fieldTable('field', fields))
  }
  return tables.join('\n\n')
}

function fieldTable(what: string, kinds: Kinds): string {
  const rows = Object.entries(kinds).map(([name, { about, isOptional }]) => {
    return [name, about.words, yesOrNo(!isOptional), about.meaning]
  })
  return table([what, 'type', 'required', 'meaning'], rows)
}

/** The fields of a reply, including those of objects in it; empty if the reply has none. */
export function replyTable({ reply }: Route): string {
  const rows = Object.entries(reply).flatMap(([name, kind]) => fieldRows(name, kind))
  return rows.length === 0 ? '' : table(['reply field', 'type', 'meaning'], rows)
}

function fieldRows(name: string, { about, isOptional }: Kind<unknown>): string[][] {
  const { words, meaning, schema, fields = {} } = about
  const within = schema.type === 'array' ? `${name}[]` : name
  const inner = Object.entries(fields).flatMap(([field, kind]) => fieldRows(`${within}.${field}`, kind))
  return [[name, isOptional ? `${words}; may be absent` : words, meaning], ...inner]
}
