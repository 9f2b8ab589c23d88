#!/usr/bin/env node
import { Command } from 'commander'
import { type Loaded, loadOptions, OptionError, unknownVariables } from './config/load.ts'
import { envName, flagName, type Options, optionKeys, optionRows } from './config/options.ts'
import { Gateway } from './gateway.ts'
import { readFirstKey } from './ops/first-key.ts'
import { createLog } from './ops/log.ts'
import type { Tightening } from './ops/private-folder.ts'
import { VERSION } from './ops/version.ts'
import { preflight } from './preflight.ts'

/** The command line: `imgate start`, `imgate check`, `imgate key show`. */

/** An option is invalid. A restart would not help, so systemd/imgate.service does not restart after this code. */
const EXIT_OPTION = 2
const EXIT_FAILURE = 1

const program = new Command('imgate')
  .description('Edge gateway for instant messaging and push')
  .version(VERSION)
  .configureOutput({ outputError: text => complain(text.replace(/^error: /, '')) })
  // Commander would exit with 1 for every mistake.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_OPTION))

/** Writes one line to standard error, even if the text has line breaks. */
function complain(text: string): void {
  process.stderr.write(`imgate: ${text.trim().replace(/\s*[\r\n]\s*/g, ' ')}\n`)
}

function withOptions(command: Command): Command {
  command.option('--config <file>', 'JSON file of options')
  for (const key of optionKeys) command.option(`${flagName(key)} <value>`, `${optionRows[key].doc} (${envName(key)})`)
  return command
}

/**
 * Reads the options and makes the checks of a start. Ends the process if something is wrong.
 * @param onFailure called before the end if the cause is not an option
 */
async function prepare(
  flags: Record<string, unknown>,
  isCheck: boolean,
  onFailure: (options: Options, error: unknown) => void = () => undefined,
): Promise<{ options: Options; tightening: Tightening }> {
  let loaded: Loaded | undefined
  try {
    loaded = loadOptions({ file: flags['config'] as string | undefined, env: process.env, flags })
    return { tightening: await preflight(loaded, { isCheck }), options: loaded.options }
  } catch (error) {
    const isOption = error instanceof OptionError
    if (!isOption && loaded !== undefined) onFailure(loaded.options, error)
    complain(error instanceof Error ? error.message : String(error))
    process.exit(isOption ? EXIT_OPTION : EXIT_FAILURE)
  }
}

withOptions(program.command('start').description('serve until SIGTERM or SIGINT')).action(
  async (flags: Record<string, unknown>) => {
    const { options, tightening } = await prepare(flags, false, ({ logLevel }, error) =>
      createLog(logLevel).fatal({ err: error }, 'cannot start'),
    )
    const log = createLog(options.logLevel)
    for (const variable of unknownVariables(process.env))
      log.warn({ variable }, 'unknown variable: no option has this name')
    for (const one of tightening.tightened) log.warn(one, 'removed access for other users of this machine')
    if (tightening.isShared)
      log.warn({ data: options.dataDir }, 'the data folder contains other files: its permissions stay as they are')
    const gateway = new Gateway(options, log)
    const stop = async (why: string) => {
      try {
        await gateway.stop(why)
        process.exit(process.exitCode ?? 0)
      } catch (error) {
        log.fatal({ err: error }, 'the stop failed: killing the process')
        process.kill(process.pid, 'SIGKILL')
      }
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    try {
      await gateway.start()
    } catch (error) {
      log.fatal({ err: error }, 'cannot start')
      complain(error instanceof Error ? error.message : String(error))
      process.exitCode = EXIT_FAILURE
      await stop('cannot start')
    }
  },
)

withOptions(program.command('check').description('make the checks of a start, and print the options')).action(
  async (flags: Record<string, unknown>) => {
    const { apiKeys, ...options } = (await prepare(flags, true)).options
    for (const variable of unknownVariables(process.env)) complain(`${variable}: unknown option`)
    process.stdout.write(`${JSON.stringify({ ...options, apiKeys: apiKeys.map(() => '***') }, null, 2)}\n`)
  },
)

const keys = program.command('key').description('the API keys of app servers')
const dataDir = 'dataDir' satisfies keyof Options
keys
  .command('show')
  .description('print the API key that the first start made')
  .option('--config <file>', 'JSON file of options')
  .option(`${flagName(dataDir)} <value>`, `${optionRows[dataDir].doc} (${envName(dataDir)})`)
  .action((flags: Record<string, unknown>) => {
    try {
      const { options } = loadOptions({ file: flags['config'] as string | undefined, env: process.env, flags })
      process.stdout.write(`${shownKey(options)}\n`)
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error))
      process.exitCode = error instanceof OptionError ? EXIT_OPTION : EXIT_FAILURE
    }
  })

/** @throws Error that says why there is none to show */
function shownKey(options: Options): string {
  if (options.apiKeys.length > 0) throw new Error('API keys are set, so no first key counts: use one that you have set')
  if (options.trustLoopback) throw new Error('trustLoopback is on: direct callers on this machine need no key')
  const key = readFirstKey(options.dataDir)
  if (key !== undefined) return key
  throw new Error(
    `${options.dataDir}: there is no first key: the first start makes it; name the data folder with --data-dir`,
  )
}

await program.parseAsync()
