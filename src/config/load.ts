import { readFileSync } from 'node:fs'
import { envName, flagName, type Options, optionKeys, optionRows } from './options.ts'

/** An invalid option. The message says where it was set and what was expected. */
export class OptionError extends Error {}

interface Sources {
  /** Path of a JSON file with the keys of the options table. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: Readonly<Record<string, unknown>>
}

/** The options, and where the user set each: the flag, the variable, or the file and its key. */
export interface Loaded {
  readonly options: Options
  /** For an option that the user did not set: its variable. */
  nameOf(key: keyof Options): string
}

/**
 * Reads the options once: the file, then the environment, then the flags. Later sources override earlier ones.
 * @throws OptionError on anything unknown, unreadable or out of bounds
 */
export function loadOptions({ file, env, flags }: Sources): Loaded {
  const given = new Map<string, { value: unknown; where: string }>()
  for (const [key, value] of Object.entries(file === undefined ? {} : readFile(file))) {
    given.set(key, { value, where: `${file}: ${key}` })
  }
  const unknown = [...given.keys()].find(key => !Object.hasOwn(optionRows, key))
  if (unknown !== undefined) throw new OptionError(`${file}: ${unknown}: unknown option`)
  for (const key of optionKeys) {
    const text = env[envName(key)]
    if (text !== undefined && text !== '') given.set(key, { value: text, where: envName(key) })
    if (flags[key] !== undefined) given.set(key, { value: flags[key], where: flagName(key) })
  }
  const options: Record<string, unknown> = {}
  for (const key of optionKeys) {
    const source = given.get(key)
    const parsed = optionRows[key].schema.safeParse(source?.value)
    if (!parsed.success) {
      const reason = parsed.error.issues.map(issue => issue.message).join('; ')
      // Keep keys out of terminals and logs.
      const got = key === 'apiKeys' ? '' : ` (got ${JSON.stringify(source?.value)})`
      throw new OptionError(`${source?.where ?? key}: ${reason}${got}`)
    }
    options[key] = parsed.data
  }
  const loaded: Loaded = {
    options: Object.freeze(options) as Options,
    nameOf: key => given.get(key)?.where ?? envName(key),
  }
  requireLoopback(loaded)
  return loaded
}

/** Variables named like options that are none; most are misspelt. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(optionKeys.map(envName))
  return Object.keys(env).filter(
    name => name.startsWith('IMGATE_') && !name.startsWith('IMGATE_TEST_') && !known.has(name),
  )
}

/** Whoever answers callers without a key must be reachable from this machine only. */
function requireLoopback({ options, nameOf }: Loaded): void {
  if (!options.trustLoopback || options.apiKeys.length > 0) return
  for (const key of ['httpHost', 'tcpHost'] as const) {
    if (isLoopback(options[key])) continue
    throw new OptionError(
      `${nameOf(key)}: other machines can reach ${options[key]}, but with ${nameOf('trustLoopback')} and no API key ` +
        `the API needs none: set ${envName('apiKeys')}, or leave out ${nameOf('trustLoopback')}, or listen on 127.0.0.1`,
    )
  }
}

export function isLoopback(host: string): boolean {
  return /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(host) || host === '::1' || host === 'localhost'
}

function readFile(file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new OptionError(`--config ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError(`--config ${file}: expected a JSON object of options`)
  }
  return value as Record<string, unknown>
}
