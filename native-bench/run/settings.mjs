// The settings of one case of a scenario: of all, then of the scenario, of the case, and what was asked for on the command line.

const COMMON = { members: 1000, publishers: 200, payload: 128, window: 64, warmup: 0.5, seconds: 1.2, p99: 50 }

/** @param more later ones replace earlier ones */
export const settingsOf = (scenario, ...more) => Object.assign({ ...COMMON, ...scenario.settings }, ...more)

/** The cases of a scenario: `{ id, settings }`. Asked for by its members, or in a quick run, it has but one. */
export function casesOf(name, scenario, { asked, isQuick }) {
  const all = scenario.cases ?? [{}]
  const chosen = asked.members === undefined && !isQuick ? all : [{}]
  return chosen.map(one => {
    const settings = settingsOf(scenario, one, isQuick ? scenario.quick : {}, asked)
    return { id: all.length > 1 ? `${name}-${settings.members}` : name, settings }
  })
}
