import { beliefs } from '../beliefs.js'
import type { Check, Scene } from '../scene.js'
import { checkAnswers } from './answers.js'
import { checkClocks } from './clocks.js'
import { checkConservation } from './conservation.js'
import { checkDelivery } from './delivery.js'
import { checkDisk } from './disk.js'
import { checkFrames } from './frames.js'
import { checkMembership } from './membership.js'
import { checkNotices } from './notices.js'
import { checkPushes } from './pushes.js'
import { checkTakeover } from './takeover.js'

/** All that must hold. What clients believe changes last: a frame is judged by what was believed before it. */
export function checksOf(scene: Scene): readonly Check[] {
  return [
    checkFrames(scene),
    checkAnswers(scene),
    checkDelivery(scene),
    checkPushes(scene),
    checkMembership(scene),
    checkDisk(scene),
    checkTakeover(scene),
    checkNotices(scene),
    checkConservation(scene),
    checkClocks(scene),
    beliefs,
  ]
}
