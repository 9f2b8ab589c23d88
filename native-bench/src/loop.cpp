#include "loop.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace bench {

namespace {
constexpr int kEventsPerSlice = 8;
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
}

Loop::~Loop() {
  close(epoll_);
  if (urgent_ >= 0) close(urgent_);
}

void Loop::add(int fd, uint32_t events, Pollable* pollable, bool urgent) {
  if (urgent && urgent_ < 0) {
    urgent_ = epoll_create1(EPOLL_CLOEXEC);
    if (urgent_ < 0) throw std::runtime_error("epoll_create1 failed");
    add(urgent_, EPOLLIN, nullptr);
  }
  epoll_event event{};
  event.events = events, event.data.ptr = pollable;
  epoll_ctl(urgent ? urgent_ : epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(int fd, uint32_t events, Pollable* pollable, bool urgent) {
  epoll_event event{};
  event.events = events, event.data.ptr = pollable;
  epoll_ctl(urgent ? urgent_ : epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::remove(int fd, bool urgent) { epoll_ctl(urgent ? urgent_ : epoll_, EPOLL_CTL_DEL, fd, nullptr); }

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
  const Nanos wait = background ? 0 : std::max<Nanos>(0, std::min(deadline, nextDue_) - readTime());
  const timespec timeout{wait / kSecond, wait % kSecond};
  const int ready = epoll_pwait2(epoll_, events, 512, &timeout, nullptr);
  if (ready < 0 && errno != EINTR) throw std::runtime_error("epoll_pwait2 failed (Linux 5.11 or newer is needed)");
  Nanos woke = readTime();
  if (now_ >= nextDue_) fireTimers();
  for (int i = 0; i < ready; i++) {
    dispatch(events[i]);
    if (i % kEventsPerSlice != kEventsPerSlice - 1) continue;
    if (background && !background()) background = nullptr;
    if (urgent_ < 0) continue;
    pollUrgent();
    if (onRound) onRound(readTime() - woke);
    woke = now_;
  }
  if (background && !background()) background = nullptr;
  if (onRound && ready > 0) onRound(readTime() - woke);
}

/** The urgent ones themselves have no owner. */
void Loop::dispatch(const epoll_event& event) {
  if (event.data.ptr == nullptr) return pollUrgent();
  static_cast<Pollable*>(event.data.ptr)->onEvents(event.events);
  if (now_ >= nextDue_) fireTimers();
}

void Loop::pollUrgent() {
  epoll_event events[512];
  const int ready = epoll_wait(urgent_, events, 512, 0);
  for (int i = 0; i < ready; i++) dispatch(events[i]);
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
