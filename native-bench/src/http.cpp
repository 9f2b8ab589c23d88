#include "http.h"

#include <strings.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

namespace bench {

namespace {

/** The value of a header in `head`, empty when absent. */
std::string_view headerValue(std::string_view head, std::string_view name) {
  for (size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line)) {
    line += 2;
    if (head.size() - line <= name.size() || head[line + name.size()] != ':') continue;
    if (strncasecmp(head.data() + line, name.data(), name.size()) != 0) continue;
    std::string_view value = head.substr(line + name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return {};
}

}  // namespace

void HttpConnection::start(HttpRequest request) {
  request_ = std::move(request);
  reply_.clear();
  busy_ = true;
  if (socket_.isOpen()) return send();
  connected_ = false;
  if (!socket_.connect(pool_.address())) lost();
}

void HttpConnection::send() {
  if (!socket_.send(request_.head + "\r\n" + request_.body)) lost();
}

void HttpConnection::onEvents(uint32_t events) {
  if (!socket_.isOpen()) return;
  if (!connected_) {
    if (socket_.connectResult() != 0) return lost();
    connected_ = true;
    return send();
  }
  if ((events & EPOLLOUT) != 0 && !socket_.flush()) return lost();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void HttpConnection::read() {
  char chunk[16384];
  const ssize_t n = recv(socket_.fd(), chunk, sizeof chunk, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return lost();
  reply_.append(chunk, static_cast<size_t>(n));

  const size_t headEnd = reply_.find("\r\n\r\n");
  if (headEnd == std::string::npos) return;
  const std::string_view head = std::string_view(reply_).substr(0, headEnd + 2);
  const std::string_view length = headerValue(head, "content-length");
  const int status = head.size() > 12 ? std::atoi(head.data() + 9) : 0;
  if (length.empty()) return finish(0, "a reply without content-length", false);
  const size_t bytes = std::strtoul(std::string(length).c_str(), nullptr, 10);
  if (reply_.size() < headEnd + 4 + bytes) return;
  const std::string body = reply_.substr(headEnd + 4, bytes);
  finish(status, body, headerValue(head, "connection") != "close");
}

/** The server may close a kept connection at the moment of the next request. A GET is sent once more; a push is not,
 *  it may have been done. */
void HttpConnection::lost() {
  socket_.close();
  if (!busy_) return;
  if (connected_ && reply_.empty() && request_.head.front() == 'G' && request_.tries++ == 0) return start(std::move(request_));
  finish(0, "no reply", false);
}

void HttpConnection::finish(int status, std::string_view body, bool keepOpen) {
  if (!keepOpen) socket_.close();
  const HttpDone done = std::move(request_.done);
  busy_ = false;
  done(status, body);
  if (!busy_) pool_.onIdle(*this);
}

HttpPool::HttpPool(Loop& loop, const sockaddr_in& address, std::string host, std::string apiKey, int connections)
    : address_(address), host_(std::move(host)), apiKey_(std::move(apiKey)) {
  for (int i = 0; i < connections; i++) connections_.push_back(std::make_unique<HttpConnection>(loop, *this));
}

void HttpPool::request(const char* method, const std::string& target, std::string body, HttpDone done) {
  HttpRequest request;
  request.head = std::string(method) + " " + target + " HTTP/1.1\r\nHost: " + host_ + "\r\n";
  if (!apiKey_.empty()) request.head += "Authorization: Bearer " + apiKey_ + "\r\n";
  if (*method == 'P') {
    request.head += "Content-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  }
  request.body = std::move(body);
  request.done = std::move(done);
  for (const auto& connection : connections_) {
    if (!connection->isBusy()) return connection->start(std::move(request));
  }
  waiting_.push_back(std::move(request));
}

void HttpPool::onIdle(HttpConnection& connection) {
  if (waiting_.empty()) return;
  HttpRequest next = std::move(waiting_.front());
  waiting_.pop_front();
  connection.start(std::move(next));
}

}  // namespace bench
