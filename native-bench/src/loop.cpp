#include "loop.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace bench {

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
}

Loop::~Loop() { close(epoll_); }

void Loop::add(int fd, uint32_t events, Pollable* pollable) {
  epoll_event event{};
  event.events = events, event.data.ptr = pollable;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(int fd, uint32_t events, Pollable* pollable) {
  epoll_event event{};
  event.events = events, event.data.ptr = pollable;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

int Loop::at(Nanos due, std::function<void(Nanos)> fire) {
  timers_.push_back({++lastTimer_, due, std::move(fire)});
  nextDue_ = std::min(nextDue_, due);
  return lastTimer_;
}

void Loop::cancel(int timer) {
  timers_.erase(std::remove_if(timers_.begin(), timers_.end(), [timer](const Timer& t) { return t.id == timer; }),
                timers_.end());
}

/** Each due timer once; one that a firing adds waits for the next event, so that reading is never starved. */
void Loop::fireTimers() {
  std::vector<Timer> due;
  nextDue_ = kNever;
  for (size_t i = 0; i < timers_.size();) {
    if (timers_[i].due <= now_) {
      due.push_back(std::move(timers_[i]));
      timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(i));
    } else nextDue_ = std::min(nextDue_, timers_[i++].due);
  }
  for (const Timer& timer : due) timer.fire(now_);
}

void Loop::round(Nanos deadline) {
  epoll_event events[512];
  const Nanos wait = std::max<Nanos>(0, std::min(deadline, nextDue_) - readTime());
  const timespec timeout{wait / kSecond, wait % kSecond};
  const int ready = epoll_pwait2(epoll_, events, 512, &timeout, nullptr);
  if (ready < 0 && errno != EINTR) throw std::runtime_error("epoll_pwait2 failed (Linux 5.11 or newer is needed)");
  const Nanos woke = readTime();
  if (now_ >= nextDue_) fireTimers();
  for (int i = 0; i < ready; i++) {
    static_cast<Pollable*>(events[i].data.ptr)->onEvents(events[i].events);
    if (now_ >= nextDue_) fireTimers();
  }
  if (onRound && ready > 0) onRound(readTime() - woke);
}

bool Loop::runUntil(const std::function<bool()>& done, Nanos deadline) {
  while (!done()) {
    if (readTime() >= deadline) return false;
    round(deadline);
  }
  return true;
}

void Loop::runFor(Nanos duration) {
  runUntil([] { return false; }, readTime() + duration);
}

}  // namespace bench
