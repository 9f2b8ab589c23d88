// Non-blocking TCP sockets, and the unsent rest that each of them may have.
#pragma once
#include <netinet/in.h>

#include <string>
#include <string_view>

#include "loop.h"

namespace bench {

/** @returns false when `text` is not "ip:port". */
bool parseAddress(std::string_view text, sockaddr_in& address);

/** One connection in the loop. Its owner reads from `fd()`; writing is done here. */
class Socket {
 public:
  Socket(Loop& loop, Pollable* owner) : loop_(loop), owner_(owner) {}
  ~Socket() { close(); }
  Socket(const Socket&) = delete;

  /** See Loop::add; before the connect. */
  void beUrgent() { urgent_ = true; }
  /** Starts to connect; writable means decided. `source` is a loopback address in host order, 0 for any.
   *  @returns false with errno set. */
  bool connect(const sockaddr_in& to, uint32_t source = 0);
  /** To be called at the first EPOLLOUT. @returns 0 or the errno of the connect. */
  int connectResult();

  /** Sends now what the kernel takes and keeps the rest. @returns false when the connection is broken. */
  bool send(std::string_view bytes);
  /** To be called at EPOLLOUT. */
  bool flush();

  void close();
  bool isOpen() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  void watch(uint32_t events);

  Loop& loop_;
  Pollable* owner_;
  int fd_ = -1;
  uint32_t watched_ = 0;
  bool urgent_ = false;
  std::string unsent_;
  size_t sentOfUnsent_ = 0;  // cut off in bulk: under overload much is unsent, and little of it goes at a time
};

}  // namespace bench
