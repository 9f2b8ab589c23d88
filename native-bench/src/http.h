// A small pool of keep-alive HTTP/1.1 connections, one request at a time on each: the application server's side.
#pragma once
#include <functional>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "socket.h"

namespace bench {

/** status 0: no reply came (connection refused or closed, broken reply). `body` lives only during the call. */
using HttpDone = std::function<void(int status, std::string_view body)>;

struct HttpRequest {
  std::string head;  // request line and headers, without the empty line
  std::string body;
  HttpDone done;
  int tries = 0;
};

class HttpPool;

class HttpConnection final : public Pollable {
 public:
  HttpConnection(Loop& loop, HttpPool& pool) : socket_(loop, this), pool_(pool) {}
  bool isBusy() const { return busy_; }
  void start(HttpRequest request);
  void onEvents(uint32_t events) override;

 private:
  void send();
  void read();
  void finish(int status, std::string_view body, bool keepOpen);
  void lost();

  Socket socket_;
  HttpPool& pool_;
  bool connected_ = false;
  bool busy_ = false;
  HttpRequest request_;
  std::string reply_;
};

class HttpPool {
 public:
  HttpPool(Loop& loop, const sockaddr_in& address, std::string host, std::string apiKey, int connections);

  void get(const std::string& target, HttpDone done) { request("GET", target, "", std::move(done)); }
  void post(const std::string& target, std::string textBody, HttpDone done) {
    request("POST", target, std::move(textBody), std::move(done));
  }

  const sockaddr_in& address() const { return address_; }
  void onIdle(HttpConnection& connection);

 private:
  void request(const char* method, const std::string& target, std::string body, HttpDone done);

  const sockaddr_in address_;
  const std::string host_;
  const std::string apiKey_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::deque<HttpRequest> waiting_;
};

}  // namespace bench
