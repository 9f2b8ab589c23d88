#!/usr/bin/env node
import { Command } from 'commander'
import { type Loaded, loadOptions, OptionError, unknownVariables } from './config/load.ts'
import { envName, flagName, type Options, optionKeys, optionRows } from './config/options.ts'
import { Gateway } from './gateway.ts'
import { createLog } from './ops/log.ts'
import type { Tightening } from './ops/private-folder.ts'
import { VERSION } from './ops/version.ts'
import { preflight } from './preflight.ts'

/** The command line: `imgate start`, `imgate check`. */

/**
 * An option is wrong, and will be next time: systemd/imgate.service does not start again after it.
 */
const EXIT_OPTION = 2
const EXIT_FAILURE = 1

const program = new Command('imgate')
  .description('Edge gateway for instant messaging and push')
  .version(VERSION)
  .configureOutput({ outputError: text => complain(text.replace(/^error: /, '')) })
  // Its own code for every mistake is 1.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_OPTION))

/** One line on standard error, whatever the text quotes. */
function complain(text: string): void {
  process.stderr.write(`imgate: ${text.trim().replace(/\s*[\r\n]\s*/g, ' ')}\n`)
}

function withOptions(command: Command): Command {
  command.option('--config <file>', 'JSON file of options')
  for (const key of optionKeys) command.option(`${flagName(key)} <value>`, `${optionRows[key].doc} (${envName(key)})`)
  return command
}

/**
 * Reads the options and finds what a start would stumble over; ends the process when something is
 * wrong.
 * @param onFailure hears of what is no option's fault, before the end
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
    for (const variable of unknownVariables(process.env)) log.warn({ variable }, 'there is no such option')
    for (const one of tightening.tightened) log.warn(one, 'was open to other users of this machine and is not any more')
    if (tightening.isShared)
      log.warn({ data: options.dataDir }, 'other files are in the data folder: its rights are left')
    const gateway = new Gateway(options, log)
    const stop = async (why: string) => {
      try {
        await gateway.stop(why)
        process.exit(process.exitCode ?? 0)
      } catch (error) {
        log.fatal({ err: error }, 'could not stop')
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

withOptions(program.command('check').description('check what a start would, and print the options')).action(
  async (flags: Record<string, unknown>) => {
    const { apiKeys, ...options } = (await prepare(flags, true)).options
    for (const variable of unknownVariables(process.env)) complain(`${variable}: there is no such option`)
    process.stdout.write(`${JSON.stringify({ ...options, apiKeys: apiKeys.map(() => '***') }, null, 2)}\n`)
  },
)

await program.parseAsync()
