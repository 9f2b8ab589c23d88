// The epoll loop: one thread, level-triggered. Timers are looked at after every single event, not once per round: an
// open-loop publisher must send on time even while a thousand sockets wait to be read.
#pragma once
#include <sys/epoll.h>

#include <functional>
#include <vector>

#include "clock.h"

namespace bench {

/** Owner of a file descriptor in the loop. Must outlive the round in which it removed itself. */
class Pollable {
 public:
  virtual void onEvents(uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;

  /** @param urgent its events are looked at after every few others, like timers */
  void add(int fd, uint32_t events, Pollable* pollable, bool urgent = false);
  void change(int fd, uint32_t events, Pollable* pollable, bool urgent = false);
  void remove(int fd, bool urgent = false);

  /** Calls `fire` once at `due` or as soon after as the loop can. Returns a handle for `cancel`. */
  int at(Nanos due, std::function<void(Nanos now)> fire);
  void cancel(int timer);

  /** Turns until `done()` (asked once a round) or the deadline. @returns done(). */
  bool runUntil(const std::function<bool()>& done, Nanos deadline);
  void runFor(Nanos duration);

  /** The time as last read, by the loop or by whoever called `readTime`. */
  Nanos now() const { return now_; }
  Nanos readTime() { return now_ = nowNs(); }

  /** Work to be done beside the events: called once in every few of them, and again and again while there are none. Dropped when
   *  it answers false. */
  std::function<bool()> background;
  /** Told how long the events of each round took; where somebody is urgent, those between two looks at the urgent ones. */
  std::function<void(Nanos)> onRound;

 private:
  struct Timer {
    int id;
    Nanos due;
    std::function<void(Nanos)> fire;
  };

  void round(Nanos deadline);
  void fireTimers();
  void dispatch(const epoll_event& event);
  void pollUrgent();

  int epoll_;
  int urgent_ = -1;  // an epoll of its own, watched by the other one; only when somebody is urgent
  Nanos now_ = nowNs();
  Nanos nextDue_ = kNever;
  int lastTimer_ = 0;
  std::vector<Timer> timers_;  // a handful at most
};

}  // namespace bench
