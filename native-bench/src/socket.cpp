#include "socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace bench {

bool parseAddress(std::string_view text, sockaddr_in& address) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string ip(text.substr(0, colon)), port(text.substr(colon + 1));
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port.c_str())));
  return address.sin_port != 0 && inet_pton(AF_INET, ip.c_str(), &address.sin_addr) == 1;
}

bool Socket::connect(const sockaddr_in& to, uint32_t source) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source != 0) {
    // Each source address has its own 28000 or so ports; the port is to be chosen at connect, when the peer is known.
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(source);
    setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) return false;
  }
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) return false;
  watched_ = EPOLLIN | EPOLLOUT;
  loop_.add(fd_, watched_, owner_, urgent_);
  return true;
}

int Socket::connectResult() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) watch(EPOLLIN);
  return error;
}

bool Socket::send(std::string_view bytes) {
  if (!isOpen()) return false;
  if (unsent_.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  if (!bytes.empty()) {
    unsent_.append(bytes);
    watch(EPOLLIN | EPOLLOUT);
  }
  return true;
}

bool Socket::flush() {
  if (!unsent_.empty()) {
    const ssize_t sent = ::send(fd_, unsent_.data() + sentOfUnsent_, unsent_.size() - sentOfUnsent_, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) sentOfUnsent_ += static_cast<size_t>(sent);
    if (sentOfUnsent_ * 2 < unsent_.size()) return true;
    unsent_.erase(0, sentOfUnsent_);
    sentOfUnsent_ = 0;
  }
  if (unsent_.empty()) watch(EPOLLIN);
  return true;
}

void Socket::close() {
  if (!isOpen()) return;
  loop_.remove(fd_, urgent_);
  ::close(fd_);
  fd_ = -1;
  unsent_.clear();
  sentOfUnsent_ = 0;
}

void Socket::watch(uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  loop_.change(fd_, events, owner_, urgent_);
}

}  // namespace bench
